import { type Command, Option } from "commander";
import { newCommand } from "../command.js";
import type { DomainOptions } from "../mesh/domains.js";
import type { StepOptions } from "../mesh/lineage.js";
import type { FindOptions, ProductOptions } from "../mesh/products.js";
import { addRegistryOptions, type RegistryOptions } from "../mesh/registry.js";
import type { PublishOptions } from "../mesh/versions.js";
import { repeatable, wholeNumber } from "../options.js";
import type { Terminal } from "../terminal.js";

const STATUSES = ["draft", "active", "deprecated", "inactive"];
const VISIBILITIES = ["public", "restricted", "private"];

/** What is in the catalogue: domains, products, versions, lineage. */
export function catalogueCommands(terminal: Terminal): Command[] {
  return [
    domainsCommand(terminal),
    productsCommand(terminal),
    publishCommand(terminal),
    versionsCommand(terminal),
    searchCommand(terminal),
    lineageCommand(terminal),
    impactCommand(terminal),
    conflictsCommand(terminal),
  ];
}

function withDomain(command: Command): Command {
  return addRegistryOptions(
    command
      .option("--name <text>", "what people call it")
      .option("--team <person>", "one of its people; may be given more than once", repeatable)
      .option("--description <text>"),
  );
}

function domainsCommand(terminal: Terminal): Command {
  const group = newCommand("domains", "Domains, and who owns them", terminal, [
    "fieldmesh mesh domains add sales --owner alice --team bob",
    "fieldmesh mesh domains list",
  ]);
  group.addCommand(
    addRegistryOptions(
      newCommand("list", "List the domains", terminal, ["fieldmesh mesh domains list --json"]),
    ).action(async (options: RegistryOptions) => {
      const { listDomains } = await import("../mesh/domains.js");
      await listDomains(options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("show", "Show a domain", terminal, ["fieldmesh mesh domains show sales"]).argument(
        "<domain>",
      ),
    ).action(async (domain: string, options: RegistryOptions) => {
      const { showDomain } = await import("../mesh/domains.js");
      await showDomain(domain, options, terminal);
    }),
  );
  group.addCommand(
    withDomain(
      newCommand("add", "Register a domain", terminal, [
        "fieldmesh mesh domains add sales --owner alice --name Sales --team bob --team carol",
      ])
        .argument("<domain>")
        .requiredOption("--owner <person>", "who answers for it"),
    ).action(async (domain: string, options: DomainOptions & { owner: string }) => {
      const { addDomain } = await import("../mesh/domains.js");
      await addDomain(domain, options, terminal);
    }),
  );
  group.addCommand(
    withDomain(
      newCommand("change", "Change what is said of a domain", terminal, [
        "fieldmesh mesh domains change sales --owner bob",
      ])
        .argument("<domain>")
        .option("--owner <person>", "who answers for it"),
    ).action(async (domain: string, options: DomainOptions) => {
      const { changeDomain } = await import("../mesh/domains.js");
      await changeDomain(domain, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("remove", "Remove a domain that has no products", terminal, [
        "fieldmesh mesh domains remove sales",
      ]).argument("<domain>"),
    ).action(async (domain: string, options: RegistryOptions) => {
      const { removeDomain } = await import("../mesh/domains.js");
      await removeDomain(domain, options, terminal);
    }),
  );
  return group;
}

/** Options that say something of a product. */
function withProduct(command: Command): Command {
  return addRegistryOptions(
    command
      .option("--description <text>")
      .option("--tag <tag>", "may be given more than once", repeatable)
      .addOption(
        new Option("--status <status>", "drafts are found only by who asks for them").choices(STATUSES),
      )
      .addOption(new Option("--visibility <visibility>", "who sees and reads it").choices(VISIBILITIES))
      .option(
        "--sla <name=value>",
        "a promise, as freshness=24h or completeness=99; more than once",
        repeatable,
      )
      .option("--metadata <name=value>", "may be given more than once", repeatable)
      .option("--mqtt <name=filter>", "its data comes out at this topic filter; more than once", repeatable)
      .option("--http <name=address>", "its data comes out at this address; more than once", repeatable)
      .option("--input <product>", "a product that it is made from; more than once", repeatable),
  );
}

function productsCommand(terminal: Terminal): Command {
  const group = newCommand("products", "Data products", terminal, [
    "fieldmesh mesh products list --domain env",
    "fieldmesh mesh products show env_greenhouse_temperature",
    "fieldmesh mesh products claim env_greenhouse_temperature --owner ann --status active",
  ]);
  group.addCommand(
    withFilters(
      newCommand("list", "List products; drafts only with --status draft", terminal, [
        "fieldmesh mesh products list --domain sales --tag finance",
      ]),
    ).action(async (options: FindOptions) => {
      const { listProducts } = await import("../mesh/products.js");
      await listProducts(options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("show", "Show a product and its newest version", terminal, [
        "fieldmesh mesh products show orders",
      ]).argument("<product>"),
    ).action(async (product: string, options: RegistryOptions) => {
      const { showProduct } = await import("../mesh/products.js");
      await showProduct(product, options, terminal);
    }),
  );
  group.addCommand(
    withProduct(
      newCommand("register", "Register a product", terminal, [
        "fieldmesh mesh products register orders --domain sales --owner alice --sla freshness=24h",
        "fieldmesh mesh products register climate --domain env --owner ann --mqtt 'live=env/barn/+/raw'",
      ])
        .argument("<product>")
        .requiredOption("--domain <domain>")
        .requiredOption("--owner <person>"),
    ).action(async (product: string, options: ProductOptions & { domain: string; owner: string }) => {
      const { registerProduct } = await import("../mesh/products.js");
      await registerProduct(product, options, terminal);
    }),
  );
  group.addCommand(
    withProduct(
      newCommand(
        "change",
        "Change what is declared of a product; lists replace those that are there",
        terminal,
        ["fieldmesh mesh products change orders --status active --tag finance"],
      )
        .argument("<product>")
        .option("--domain <domain>")
        .option("--owner <person>"),
    ).action(async (product: string, options: ProductOptions) => {
      const { changeProduct } = await import("../mesh/products.js");
      await changeProduct(product, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("claim", "Take on a draft that was made of a stream", terminal, [
        "fieldmesh mesh products claim env_greenhouse_temperature --owner ann --status active",
      ])
        .argument("<product>")
        .requiredOption("--owner <person>")
        .option("--domain <domain>", "that of the stream unless said")
        .option("--description <text>")
        .option("--tag <tag>", "may be given more than once", repeatable)
        .addOption(new Option("--status <status>", "a draft still unless said").choices(["draft", "active"]))
        .addOption(new Option("--visibility <visibility>", "who sees and reads it").choices(VISIBILITIES))
        .option("--sla <name=value>", "a promise; more than once", repeatable),
    ).action(async (product: string, options: ProductOptions & { owner: string }) => {
      const { claimProduct } = await import("../mesh/products.js");
      await claimProduct(product, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("retire", "Retire a product and end its lineage", terminal, [
        "fieldmesh mesh products retire orders",
      ]).argument("<product>"),
    ).action(async (product: string, options: RegistryOptions) => {
      const { retireProduct } = await import("../mesh/products.js");
      await retireProduct(product, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("contract", "Print its contract by the Open Data Contract Standard (ODCS 3.1)", terminal, [
        "fieldmesh mesh products contract orders > orders.odcs.yaml",
        "fieldmesh mesh products contract env_greenhouse_temperature --asyncapi",
      ])
        .argument("<product>")
        .option("--of <version>", "of this version instead of the newest")
        .option("--asyncapi", "its streams as AsyncAPI 3.0 instead"),
    ).action(async (product: string, options: RegistryOptions & { of?: string; asyncapi?: boolean }) => {
      const { printContract } = await import("../mesh/products.js");
      await printContract(product, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("import", "Register a product, or change it, by an ODCS contract", terminal, [
        "fieldmesh mesh products import orders.odcs.yaml",
      ]).argument("<file>", "ODCS 3.0 or 3.1 in YAML or JSON; - is the standard input"),
    ).action(async (file: string, options: RegistryOptions) => {
      const { importContract } = await import("../mesh/products.js");
      await importContract(file, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("quality", "Show what was measured of a product, or post what you measured", terminal, [
        "fieldmesh mesh products quality orders",
        "fieldmesh mesh products quality orders completeness=98.5 timeliness_hours=2.5",
      ])
        .argument("<product>")
        .argument("[metric=value...]"),
    ).action(async (product: string, metrics: string[], options: RegistryOptions) => {
      const { quality } = await import("../mesh/products.js");
      await quality(product, metrics, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("attest", "Say as its owner what nobody can measure", terminal, [
        "fieldmesh mesh products attest orders encryption_at_rest --note 'the disk is encrypted'",
      ])
        .argument("<product>")
        .argument("<claim>", "a word as it stands in a rule")
        .option("--note <text>"),
    ).action(async (product: string, claim: string, options: RegistryOptions & { note?: string }) => {
      const { attest } = await import("../mesh/products.js");
      await attest(product, claim, options, terminal);
    }),
  );
  return group;
}

function withFilters(command: Command): Command {
  return addRegistryOptions(
    command
      .option("--domain <domain>")
      .option("--owner <person>")
      .addOption(new Option("--status <status>").choices([...STATUSES, "retired"]))
      .addOption(new Option("--visibility <visibility>").choices(VISIBILITIES))
      .option("--tag <tag>"),
  );
}

function searchCommand(terminal: Terminal): Command {
  const command = newCommand(
    "search",
    "Find products by name, description, tags, fields and owner",
    terminal,
    ["fieldmesh mesh search revenue", "fieldmesh mesh search temperature --domain env --field value"],
  )
    .argument("<text>")
    .option("--field <name>", "whose newest version has this field")
    .option("--facets", "of what there is to choose from, how many each");
  return withFilters(command).action(async (text: string, all: FindOptions & { facets?: boolean }) => {
    const { listFacets, listProducts } = await import("../mesh/products.js");
    const { facets, ...options } = all;
    if (facets === true) await listFacets(text, options, terminal);
    else await listProducts(options, terminal, text);
  });
}

function publishCommand(terminal: Terminal): Command {
  const command = newCommand(
    "publish",
    "Publish a version, which never changes; a draft becomes active",
    terminal,
    [
      "fieldmesh mesh publish orders 1.0 --schema orders.schema.json",
      'echo "{amount: decimal, note: string}" | fieldmesh mesh publish orders 1.0 --schema -',
      "fieldmesh mesh publish orders 1.1 --schema orders.yaml --allow-role analyst --auto-approve",
    ],
  )
    .argument("<product>")
    .argument("<version>", "1.2.3; a change that breaks readers takes a new first number")
    .requiredOption(
      "--schema <file>",
      "JSON Schema of the data, or fields and their types; - is the standard input",
    )
    .option("--changelog <text>")
    .addOption(
      new Option("--compatibility <kind>", "who is not to be broken").choices([
        "BACKWARD",
        "FORWARD",
        "FULL",
      ]),
    )
    .option("--strict", "judge open models strictly")
    .option("--allow-role <role>", "may ask for it; more than once", repeatable)
    .option("--allow-domain <domain>", "may ask for it; more than once", repeatable)
    .option("--allow-consumer <name>", "may ask for it; more than once", repeatable)
    .option("--auto-approve", "whoever may ask need not wait for the owner");
  return addRegistryOptions(command).action(
    async (product: string, version: string, options: PublishOptions) => {
      const { publishVersion } = await import("../mesh/versions.js");
      await publishVersion(product, version, options, terminal);
    },
  );
}

function versionsCommand(terminal: Terminal): Command {
  const command = newCommand("versions", "List the versions of a product, newest first", terminal, [
    "fieldmesh mesh versions orders",
  ]).argument("<product>");
  return addRegistryOptions(command).action(async (product: string, options: RegistryOptions) => {
    const { listVersions } = await import("../mesh/versions.js");
    await listVersions(product, options, terminal);
  });
}

function lineageCommand(terminal: Terminal): Command {
  const group = newCommand("lineage", "What is made from what", terminal, [
    "fieldmesh mesh lineage show orders",
    "fieldmesh mesh lineage add orders invoices --type derived",
  ]);
  group.addCommand(
    addRegistryOptions(
      newCommand(
        "show",
        "Where a product comes from and what is made of it; without one, every step",
        terminal,
        ["fieldmesh mesh lineage show orders --depth 2"],
      )
        .argument("[product]")
        .option("--depth <steps>", "at most so far", wholeNumber(1, 1_000)),
    ).action(async (product: string | undefined, options: RegistryOptions & { depth?: number }) => {
      const { showLineage } = await import("../mesh/lineage.js");
      await showLineage(product, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("add", "Say that one product is made from another", terminal, [
        "fieldmesh mesh lineage add orders invoices --type aggregated --transformation 'sum per day'",
      ])
        .argument("<source>")
        .argument("<target>")
        .addOption(new Option("--type <type>").choices(["direct", "derived", "aggregated"]))
        .option("--transformation <text>")
        .option("--confidence <share>", "0 to 1", Number),
    ).action(async (source: string, target: string, options: StepOptions) => {
      const { addStep } = await import("../mesh/lineage.js");
      await addStep(source, target, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("remove", "Take a step back", terminal, ["fieldmesh mesh lineage remove orders invoices"])
        .argument("<source>")
        .argument("<target>"),
    ).action(async (source: string, target: string, options: RegistryOptions) => {
      const { removeStep } = await import("../mesh/lineage.js");
      await removeStep(source, target, options, terminal);
    }),
  );
  return group;
}

function impactCommand(terminal: Terminal): Command {
  const command = newCommand(
    "impact",
    "What feels it when something happens to a product, and who is to be told",
    terminal,
    ["fieldmesh mesh impact orders", "fieldmesh mesh impact env_greenhouse_temperature --stream"],
  )
    .argument("<product>")
    .option("--stream", "it is the name of a stream");
  return addRegistryOptions(command).action(
    async (product: string, options: RegistryOptions & { stream?: boolean }) => {
      const { showImpact } = await import("../mesh/lineage.js");
      await showImpact(product, options, terminal);
    },
  );
}

function conflictsCommand(terminal: Terminal): Command {
  const command = newCommand(
    "conflicts",
    "List nodes that claim one name, and products that offer one stream",
    terminal,
    ["fieldmesh mesh conflicts"],
  );
  return addRegistryOptions(command).action(async (options: RegistryOptions) => {
    const { listConflicts } = await import("../mesh/lineage.js");
    await listConflicts(options, terminal);
  });
}
