import type { MeshClient } from "@fieldmesh/mesh-registry/client";

/** Tells of one step: what it does, and what came of it. */
export type Tell = (step: number, title: string, lines: readonly string[]) => Promise<void> | void;

/**
 * A mesh of two domains in eleven steps: what a data mesh does, from the first domain to its report. Every step is
 * one call of the client. Registered twice it would be refused, so it takes an empty registry, or other names.
 */
export async function salesMesh(
  mesh: MeshClient,
  tell: Tell,
  name = (id: string): string => id,
): Promise<void> {
  const [sales, marketing, product] = [name("sales"), name("marketing"), name("sales_transactions")];
  const [policy, security, template] = [
    name("data_quality"),
    name("data_security"),
    name("standard_pipeline"),
  ];

  await mesh.registerDomain(sales, {
    name: "Sales Domain",
    owner: "sales_team",
    team: ["alice", "bob"],
    description: "Sales and revenue data",
  });
  await mesh.registerDomain(marketing, {
    name: "Marketing Domain",
    owner: "marketing_team",
    team: ["carol", "dave"],
    description: "Marketing campaigns and analytics",
  });
  await tell(1, "Domains, with who owns them", [sales, marketing]);

  const created = await mesh.createDataProduct({
    productId: product,
    domain: sales,
    owner: "alice",
    description: "Daily sales transactions",
    sla: { availability: 99.9, freshness: "24h", quality: 95 },
    metadata: { format: "parquet", partition: "date" },
  });
  await tell(2, "A data product with what it promises", [
    `${created.id}: ${created.description}, a ${created.status}`,
    `promises availability ${created.sla.availability} %, freshness ${created.sla.freshness}`,
  ]);

  const version = await mesh.publishDataProduct({
    productId: product,
    version: "1.0",
    schema: {
      fields: [
        { name: "transaction_id", type: "string" },
        { name: "amount", type: "decimal" },
        { name: "date", type: "date" },
      ],
    },
    accessPolicy: { type: "role-based", roles: ["analyst", "manager"] },
  });
  await tell(3, "A version of it, which never changes", [`${product} ${version.version}, now active`]);

  const subscription = await mesh.subscribeToProduct({
    productId: product,
    consumerId: "analytics_pipeline",
    consumerDomain: "analytics",
    purpose: "revenue per day",
  });
  await mesh.subscriptions.approve(subscription.id, { reason: "agreed with the sales team" });
  await tell(4, "A consumer asks for it, and its owner approves", [
    `${subscription.consumer}: ${subscription.purpose}`,
  ]);

  await mesh.createGovernancePolicy(policy, {
    type: "quality",
    scope: "global",
    rules: ["completeness >= 95%", "accuracy >= 90%", "timeliness <= 24h"],
    enforcement: "mandatory",
  });
  await mesh.createGovernancePolicy(security, {
    type: "security",
    scope: "global",
    rules: ["encryption_at_rest"],
    enforcement: "advisory",
  });
  await tell(5, "Policies for every domain", [policy, security]);

  const before = await mesh.checkPolicyCompliance(product, policy);
  await tell(6, "Does it comply? Nothing was measured yet: nobody knows", verdicts(before));

  await mesh.createInfrastructureTemplate(template, {
    name: "Standard Data Pipeline",
    type: "batch",
    components: ["ingestion", "processing", "storage", "serving"],
    configuration: { storage: "s3", compute: "spark", orchestration: "airflow" },
  });
  await tell(7, "A template of infrastructure", [template]);

  const provision = await mesh.provisionInfrastructure({ productId: product, templateId: template });
  await tell(
    8,
    "Infrastructure for the product; what others have to set up is listed",
    provision.steps.map(
      (step) => `${step.name}: ${step.state}${step.detail === undefined ? "" : `, ${step.detail}`}`,
    ),
  );

  await mesh.updateQualityMetrics(product, {
    completeness: 98.5,
    accuracy: 95.2,
    timeliness_hours: 2.5,
    row_count: 1_500_000,
  });
  await mesh.products.attest(product, { claim: "encryption_at_rest", note: "the bucket is encrypted" });
  const after = await mesh.checkPolicyCompliance(product, policy);
  const attested = await mesh.checkPolicyCompliance(product, security);
  await tell(9, "Measured quality is posted, and the owner attests what cannot be measured", [
    ...verdicts(after),
    ...verdicts(attested),
  ]);

  const products = await mesh.discoverProducts({ domain: sales });
  await mesh.logAccess(product, { what: "read", consumer: "analytics_pipeline" });
  await tell(
    10,
    "Whoever looks finds it",
    products.map(
      (each) => `${each.id}: ${each.description}, of ${each.owner}, ${each.consumers.length} consumers`,
    ),
  );

  const { consumers, upstream, downstream } = await mesh.getProductLineage(product);
  const report = await mesh.generateMeshReport();
  const { totals, compliance } = report;
  await tell(11, "The mesh as a whole", [
    `${product}: made from ${upstream.length}, made into ${downstream.length}, used by ${consumers.join(", ")}`,
    `${totals.domains} domains, ${totals.products} products, ${totals.consumers} consumers, ${totals.policies} policies`,
    `compliance: ${compliance.pass} pass, ${compliance.fail} fail, ${compliance.unknown} unknown`,
  ]);
}

function verdicts({
  policy,
  state,
  rules,
}: Awaited<ReturnType<MeshClient["checkPolicyCompliance"]>>): string[] {
  return [
    `${policy}: ${state}`,
    ...rules.map(({ rule, verdict, source, reason }) => `  ${rule}: ${verdict} (${source}): ${reason}`),
  ];
}
