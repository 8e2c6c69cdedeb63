import { z } from "zod";
import { resourceId, time } from "./fields.js";

/** How somebody gets at the data of a product. */
export const productAccess = z
  .strictObject({
    product: resourceId,
    may: z.strictObject({
      allowed: z.boolean(),
      reason: z.string(),
      until: time.optional(),
    }),
    mqtt: z
      .strictObject({
        urls: z.array(z.string()),
        topics: z.array(z.string()),
        username: z.string().describe("of the credential at the broker"),
        open: z.boolean().describe("whether this credential reads these topics: a subscription is approved"),
        until: time.optional(),
        credential: z
          .enum(["made", "none"])
          .describe("none: POST /subscriptions/{id}/credential makes its password"),
        available: z.boolean().describe("whether the broker follows the registry now"),
        reason: z.string().optional(),
      })
      .optional(),
    http: z.array(z.strictObject({ name: z.string(), address: z.string() })),
  })
  .meta({ id: "ProductAccess" });

/** A credential at the broker; its password is shown this once. */
export const brokerCredential = z
  .strictObject({
    consumer: z.string(),
    username: z.string(),
    password: z.string(),
    urls: z.array(z.string()),
    topics: z.array(z.string()).describe("all that it reads, of whichever product"),
  })
  .meta({ id: "BrokerCredential" });

export type ProductAccess = z.output<typeof productAccess>;
export type BrokerCredential = z.output<typeof brokerCredential>;
