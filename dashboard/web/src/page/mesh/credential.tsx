import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { mosquittoSub } from "../../mesh/mosquitto-sub.js";
import type { BrokerCredential } from "../../mesh/types.js";
import { ActionButton, OutcomeText, useAction } from "../../view/action.js";
import { Copy } from "../../view/copy.js";
import { Dialog } from "../../view/dialog.js";

/** Makes the password of a consumer's credential: it is shown this once, with a line to try it. */
export function Credential({
  subscription,
  made,
  topics,
  onMade,
}: {
  subscription: string;
  /** Whether one was made before, as far as that is known here. */
  made: boolean;
  /** Of the product that is looked at; the credential may read more. Absent: all that it reads. */
  topics?: readonly string[];
  onMade?: () => Promise<void>;
}) {
  const credential = useSignal<BrokerCredential | undefined>(undefined);
  const action = useAction();
  const shown = credential.value;
  if (shown !== undefined) return <Secret credential={shown} topics={topics ?? shown.topics} />;
  return (
    <div class="stack-small">
      <div class="button-row">
        <ActionButton
          action={action}
          work={async () => {
            credential.value = await mesh.credential(subscription);
            await onMade?.();
            return "";
          }}
        >
          {made ? "Make a new password" : "Make a credential"}
        </ActionButton>
      </div>
      {made && <p class="quiet">A password was made before; a new one makes it void.</p>}
      <OutcomeText outcome={action.outcome} />
    </div>
  );
}

function Secret({ credential, topics }: { credential: BrokerCredential; topics: readonly string[] }) {
  const line = mosquittoSub({ ...credential, topics: [...topics] });
  return (
    <div class="secret" data-credential={credential.username}>
      <p>
        <strong>
          The password of <code>{credential.username}</code> is shown this once:
        </strong>
      </p>
      <Copy text={credential.password} label="Copy the password" />
      {line !== undefined && (
        <>
          <p>To read with it:</p>
          <Copy text={line} label="Copy the command" />
        </>
      )}
    </div>
  );
}

/** For a program: an administrator makes what it signs in with. */
export function CredentialDialog({
  consumer,
  subscription,
  onClose,
}: {
  consumer: string;
  subscription: string;
  onClose: () => void;
}) {
  return (
    <Dialog title={`Credential of ${consumer}`} onClose={onClose}>
      <div class="stack">
        <p class="quiet">
          It reads every product that {consumer} may read. A password that was made before is void.
        </p>
        <Credential subscription={subscription} made={false} />
      </div>
    </Dialog>
  );
}
