import { mesh } from "../../mesh/api.js";
import type { Product } from "../../mesh/types.js";
import { ActionButton, OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";

/** Ends a product, once that has been confirmed; the registry refuses while somebody reads it. */
export function RetireDialog({
  product,
  etag,
  onClose,
  reload,
}: {
  product: Product;
  etag: string;
  onClose: () => void;
  reload: () => Promise<void>;
}) {
  const action = useAction();
  const { outcome } = action;
  return (
    <Dialog title={`Retire ${product.id}?`} onClose={onClose}>
      <div class="stack">
        <p>
          It stays in the catalogue with its versions, nobody can subscribe to it any more, and its lineage
          ends. Its name is never used for something else. This cannot be undone.
        </p>
        <OutcomeText outcome={outcome} />
        {outcome.state === "failed" && outcome.faults.length > 0 && (
          <ul class="fault-list" data-faults>
            {outcome.faults.map(({ pointer, detail }) => (
              <li key={`${pointer} ${detail}`}>{detail}</li>
            ))}
          </ul>
        )}
        <div class="button-row">
          <ActionButton
            action={action}
            class="button-danger"
            work={async () => {
              await mesh.retireProduct(product.id, etag);
              await reload();
              onClose();
              return "Retired.";
            }}
          >
            Retire {product.id}
          </ActionButton>
          <button type="button" class="button button-plain" onClick={onClose}>
            Keep
          </button>
        </div>
      </div>
    </Dialog>
  );
}
