import {
  type AccessControl,
  type Admission,
  type ConnectRequest,
  type Identity,
  isReservedTopic,
} from "./access.js";

/** No files: everyone on this machine may do everything except write the broker's own topics. */
export class OpenOnLoopback implements AccessControl {
  readonly revision = 0;

  async start(): Promise<void> {}

  async admit(request: ConnectRequest): Promise<Admission> {
    if (!request.loopback) {
      return {
        ok: false,
        code: 5,
        reason: "anonymous from beyond loopback; give PASSWORD_FILE to let others in",
      };
    }
    // A name without a file of passwords proves nothing, so nothing is granted by it.
    return { ok: true, identity: { clientId: request.clientId, username: null } };
  }

  mayPublish(_who: Identity, topic: string): boolean {
    return !isReservedTopic(topic);
  }

  maySubscribe(_who: Identity, filter: string): boolean {
    return !isReservedTopic(filter) || filter === "$SYS" || filter.startsWith("$SYS/");
  }

  mayReceive(): boolean {
    return true;
  }

  mayAdminister(): boolean {
    return true;
  }

  onRevoked(): void {}

  async close(): Promise<void> {}
}
