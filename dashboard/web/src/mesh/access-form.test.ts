import { describe, expect, it } from "vitest";
import { accessPolicyOf, toAccessForm } from "./access-form.js";

describe("the form of an access policy", () => {
  const policy = { consumers: ["wall-display", "ann"], roles: ["operator"], domains: [], autoApprove: true };

  it("changes nothing when nothing was changed in it", () => {
    expect(accessPolicyOf(toAccessForm(policy))).toEqual({ accessPolicy: policy });
  });

  it("is no policy where nobody is named", () => {
    expect(accessPolicyOf(toAccessForm(undefined))).toEqual({});
    expect(accessPolicyOf({ consumers: " , ", roles: "", domains: "", autoApprove: true })).toEqual({});
  });
});
