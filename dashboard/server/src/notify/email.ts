import { createTransport } from "nodemailer";
import { type Channel, ChannelError } from "./channel.js";
import { bodyOf, groupBodyOf, groupTitleOf, titleOf } from "./notification.js";

export interface EmailOptions {
  host: string;
  port: number;
  tls: "starttls" | "implicit" | "none";
  username?: string | undefined;
  password?: string | undefined;
  from: string;
  to: readonly string[];
  timeoutMs: number;
  link?: string | undefined;
}

/** Sends plain-text mail over SMTP; one connection for each mail, as alarms are rare. */
export function createEmail(options: EmailOptions): Channel {
  const transport = createTransport({
    host: options.host,
    port: options.port,
    secure: options.tls === "implicit",
    requireTLS: options.tls === "starttls",
    ignoreTLS: options.tls === "none",
    ...(options.username === undefined
      ? {}
      : { auth: { user: options.username, pass: options.password ?? "" } }),
    connectionTimeout: options.timeoutMs,
    greetingTimeout: options.timeoutMs,
    socketTimeout: options.timeoutMs,
    // The text is foreign: it names no file and no address to be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const mail = async (subject: string, text: string): Promise<void> => {
    try {
      await transport.sendMail({
        from: options.from,
        to: [...options.to],
        subject,
        text,
        headers: { "Auto-Submitted": "auto-generated" }, // RFC 3834: no answer by an absence notice
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ChannelError(`${options.host}:${options.port}: ${why.slice(0, 300)}`, { cause: error });
    }
  };
  return {
    send: (notification) => mail(titleOf(notification), bodyOf(notification, options.link)),
    sendGroup: (notifications) => mail(groupTitleOf(notifications), groupBodyOf(notifications, options.link)),
    close() {
      transport.close();
    },
  };
}
