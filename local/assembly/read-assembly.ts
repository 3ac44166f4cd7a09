import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Stack, Template } from './template.ts';

const Artifact = z.object({
  type: z.string(),
  dependencies: z.array(z.string()).default([]),
  properties: z
    .object({
      templateFile: z.string().optional(),
      stackName: z.string().optional(),
      file: z.string().optional(),
      directoryName: z.string().optional(),
    })
    .default({}),
});
const Manifest = z.object({ artifacts: z.record(z.string(), Artifact).default({}) });

const AssetManifest = z.object({
  files: z
    .record(z.string(), z.object({ source: z.object({ path: z.string(), packaging: z.string().default('file') }) }))
    .default({}),
  dockerImages: z.record(z.string(), z.object({ source: z.object({ directory: z.string() }) })).default({}),
});

/** A cloud assembly: its stacks in the order they deploy, and the folders of its assets by hash (the name in template references). */
export type Assembly = { stacks: Stack[]; zips: Map<string, string>; images: Map<string, string> };

const readJson = <T extends z.ZodType>(schema: T, file: string): z.output<T> => {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
};

const readAssets = (folder: string, file: string, into: Assembly): void => {
  const manifest = readJson(AssetManifest, join(folder, file));
  for (const [hash, { source }] of Object.entries(manifest.files)) {
    if (source.packaging === 'zip') into.zips.set(hash, join(folder, source.path));
  }
  for (const [hash, { source }] of Object.entries(manifest.dockerImages)) {
    into.images.set(hash, join(folder, source.directory));
  }
};

const inOrder = (artifacts: Record<string, z.infer<typeof Artifact>>): string[] => {
  const seen = new Set<string>();
  const order: string[] = [];
  const visit = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const dependency of artifacts[id]?.dependencies ?? []) visit(dependency);
    order.push(id);
  };
  for (const id of Object.keys(artifacts)) visit(id);
  return order;
};

const readFolder = (folder: string, into: Assembly): void => {
  const { artifacts } = readJson(Manifest, join(folder, 'manifest.json'));
  for (const id of inOrder(artifacts)) {
    const artifact = artifacts[id];
    const { templateFile, stackName, file, directoryName } = artifact?.properties ?? {};
    if (artifact?.type === 'cdk:asset-manifest' && file !== undefined) readAssets(folder, file, into);
    if (artifact?.type === 'cdk:cloud-assembly' && directoryName !== undefined)
      readFolder(join(folder, directoryName), into);
    if (artifact?.type === 'aws:cloudformation:stack' && templateFile !== undefined) {
      into.stacks.push({ name: stackName ?? id, template: readJson(Template, join(folder, templateFile)) });
    }
  }
};

/** Reads a synthesized cloud assembly with its nested ones (stages). Throws naming the file that is missing or malformed. */
export const readAssembly = (folder: string): Assembly => {
  if (!existsSync(join(folder, 'manifest.json')))
    throw new Error(`${folder} holds no cloud assembly: run the CDK app first`);
  const assembly: Assembly = { stacks: [], zips: new Map(), images: new Map() };
  readFolder(folder, assembly);
  return assembly;
};
