import { mesh } from "../../mesh/api.js";
import type { Product } from "../../mesh/types.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

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
  const form = useForm();
  const { outcome } = form;
  return (
    <FormDialog
      title={`Retire ${product.id}?`}
      form={form}
      submit={`Retire ${product.id}`}
      danger
      cancel="Keep"
      work={async () => {
        await mesh.retireProduct(product.id, etag);
        await reload();
      }}
      below={
        outcome.state === "failed" &&
        outcome.faults.length > 0 && (
          <ul class="fault-list" data-faults>
            {outcome.faults.map(({ pointer, detail }) => (
              <li key={`${pointer} ${detail}`}>{detail}</li>
            ))}
          </ul>
        )
      }
      onClose={onClose}
    >
      <p>
        It stays in the catalogue with its versions, nobody can subscribe to it any more, and its lineage
        ends. Its name is never used for something else. This cannot be undone.
      </p>
    </FormDialog>
  );
}
