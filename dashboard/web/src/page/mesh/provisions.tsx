import { useSignal } from "@preact/signals";
import { bundleHref, mesh } from "../../mesh/api.js";
import { productHref } from "../../mesh/place.js";
import type { Provision, Template } from "../../mesh/types.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { may } from "../../state.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";
import { Download, Plus } from "../../view/icons.js";
import { ProvisionBadge, StepBadge } from "../../view/mesh-badges.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { ProvisionDialog } from "./provision.js";
import { TemplateDialog } from "./template-edit.js";

/** Templates, and what was made of them. */
export function ProvisionsPage() {
  const templates = useRead("templates", mesh.templates);
  const provisions = useRead("provisions", mesh.provisions);
  const making = useSignal(false);
  const provisioning = useSignal<Template | undefined>(undefined);
  const editing = useSignal<Template | undefined>(undefined);
  const operates = may("operator");
  return (
    <>
      <div class="page-head">
        <PageTitle title="Provisioning" />
        <MeshTabs at="provisions" />
        {operates && (
          <button type="button" class="button page-head-end" onClick={() => (making.value = true)}>
            <Plus /> Make a template
          </button>
        )}
      </div>
      <section class="card" aria-labelledby="templates">
        <h2 id="templates">Templates</h2>
        <Read reading={templates}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="empty-line">
                There is no template yet. One says what a new product takes: its entry, an edge node's
                configuration, credentials, a service.
              </p>
            ) : (
              <ul class="products">
                {items.map((template) => (
                  <TemplateRow
                    key={template.id}
                    template={template}
                    operates={operates}
                    onProvision={() => (provisioning.value = template)}
                    onEdit={() => (editing.value = template)}
                  />
                ))}
              </ul>
            )
          }
        </Read>
      </section>
      <section class="card" aria-labelledby="provisions">
        <h2 id="provisions">Provisioned</h2>
        <Read reading={provisions}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="empty-line">Nothing was provisioned yet.</p>
            ) : (
              <ul class="products">
                {items.map((provision) => (
                  <ProvisionRow
                    key={provision.id}
                    provision={provision}
                    operates={operates}
                    onChanged={provisions.reload}
                  />
                ))}
              </ul>
            )
          }
        </Read>
      </section>
      {making.value && <TemplateDialog onClose={() => (making.value = false)} onSaved={templates.reload} />}
      {editing.value !== undefined && (
        <TemplateDialog
          template={editing.value.id}
          onClose={() => (editing.value = undefined)}
          onSaved={templates.reload}
        />
      )}
      {provisioning.value !== undefined && (
        <ProvisionDialog
          template={provisioning.value}
          onClose={() => (provisioning.value = undefined)}
          onDone={provisions.reload}
        />
      )}
    </>
  );
}

function TemplateRow({
  template: { id, name, type, description, components, parameters },
  operates,
  onProvision,
  onEdit,
}: {
  template: Template;
  operates: boolean;
  onProvision: () => void;
  onEdit: () => void;
}) {
  return (
    <li class="product-row" data-template={id}>
      <div class="product-what">
        <h3 class="product-name">
          {name} <code class="quiet">{id}</code>
        </h3>
        {description !== "" && <p class="product-description">{description}</p>}
        <p class="product-meta quiet">
          {type !== undefined && <span>{type}</span>}
          <span>{components.map((component) => component.name).join(", ")}</span>
          {parameters.length > 0 && (
            <span>parameters {parameters.map((parameter) => parameter.name).join(", ")}</span>
          )}
        </p>
      </div>
      {operates && (
        <div class="product-side button-row">
          <button type="button" class="button button-small" onClick={onProvision}>
            Provision
          </button>
          <button type="button" class="button button-small button-plain" onClick={onEdit}>
            Edit
          </button>
        </div>
      )}
    </li>
  );
}

function ProvisionRow({
  provision: { id, product, template, state, steps, credential, by, updatedAt },
  operates,
  onChanged,
}: {
  provision: Provision;
  operates: boolean;
  onChanged: () => Promise<void>;
}) {
  const undoing = useSignal(false);
  return (
    <li class="product-row" data-provision={id} data-state={state}>
      <div class="product-what">
        <h3 class="product-name">
          <a class="break" href={productHref(product)}>
            {product}
          </a>{" "}
          <span class="quiet">by template {template}</span>
        </h3>
        <p class="product-badges">
          <ProvisionBadge state={state} />
        </p>
        <ol class="provision-steps">
          {steps.map((step) => (
            <li key={step.name} data-provision-step={step.name}>
              <StepBadge state={step.state} /> {step.name}{" "}
              {step.detail !== undefined && <span class="quiet break">{step.detail}</span>}
            </li>
          ))}
        </ol>
        <p class="product-meta quiet">
          {credential !== undefined && (
            <span>
              credential <code>{credential}</code>
            </span>
          )}
          <span>
            by {by}, <time title={fullTime(updatedAt)}>{timeText(updatedAt, seconds.value)}</time>
          </span>
        </p>
      </div>
      {operates && state !== "undone" && (
        <div class="product-side button-row">
          {state === "ready" && (
            <a class="button button-small" href={bundleHref(id)} download={`${id}.tar.gz`}>
              <Download /> Bundle
            </a>
          )}
          <button
            type="button"
            class="button button-small button-danger"
            onClick={() => (undoing.value = true)}
          >
            Undo…
          </button>
        </div>
      )}
      {undoing.value && (
        <UndoDialog id={id} product={product} onClose={() => (undoing.value = false)} onUndone={onChanged} />
      )}
    </li>
  );
}

function UndoDialog({
  id,
  product,
  onClose,
  onUndone,
}: {
  id: string;
  product: string;
  onClose: () => void;
  onUndone: () => Promise<void>;
}) {
  const form = useForm();
  return (
    <FormDialog
      title={`Undo the provision of ${product}?`}
      form={form}
      submit="Undo it"
      danger
      cancel="Keep"
      work={async () => {
        await mesh.undo(id);
        await onUndone();
      }}
      onClose={onClose}
    >
      <p>
        What was made is taken back: the credential is void at once, and a product that was made for it is
        retired. Machines that run the bundle are not stopped.
      </p>
    </FormDialog>
  );
}
