import { ANSWER_TOPIC, COMMAND_TOPIC } from "../control/topics.js";
import { TestClient } from "./test-client.js";

export interface ControlAnswer {
  command: string;
  error?: string;
  data?: unknown;
  correlationData?: string;
}

/** Somebody who gives a broker commands, and hears what it answers. */
export class Administrator implements AsyncDisposable {
  readonly client: TestClient;

  private constructor(client: TestClient) {
    this.client = client;
  }

  static async connect(
    port: number,
    credentials: { username?: string; password?: string } = {},
  ): Promise<Administrator> {
    const client = await TestClient.connect(`mqtt://127.0.0.1:${port}`, credentials);
    await client.subscribe(ANSWER_TOPIC, 1);
    return new Administrator(client);
  }

  /** Sends a message as it is, and gives the answers to it. */
  async send(payload: string | Buffer): Promise<ControlAnswer[]> {
    const { seen } = this.client;
    const before = seen.length;
    await this.client.mqtt.publishAsync(COMMAND_TOPIC, payload, { qos: 1 });
    await this.client.until((now) => now.length > before);
    const { responses } = JSON.parse(seen[before]?.payload ?? "") as { responses: ControlAnswer[] };
    return responses;
  }

  ask(...commands: object[]): Promise<ControlAnswer[]> {
    return this.send(JSON.stringify({ commands }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end();
  }
}
