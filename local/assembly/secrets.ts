import { z } from 'zod';
import { GenerateSecretString } from '../services/secrets-manager/generate-secret.ts';
import type { SecretsManagerService } from '../services/secrets-manager/secrets-manager-service.ts';
import type { Deployment } from './deployment.ts';
import { noEffect } from './property-shapes.ts';

const Properties = z.strictObject({
  Name: z.string().optional(),
  Description: noEffect,
  GenerateSecretString: GenerateSecretString.optional(),
  SecretString: z.string().optional(),
  Tags: noEffect,
});

/**
 * Makes the secrets first, because everything else may refer to their values. `preset` gives values by the beginning of
 * a logical id (`AdminToken`); one that meets no secret throws.
 */
export const buildSecrets = (
  deployment: Deployment,
  service: SecretsManagerService,
  preset: Record<string, string>,
): void => {
  const unmet = new Set(Object.keys(preset));
  for (const resource of deployment.of('AWS::SecretsManager::Secret')) {
    const properties = deployment.properties(resource, Properties);
    const name = properties.Name ?? `${resource.stack.name}-${resource.logicalId}`;
    const key = Object.keys(preset).find((prefix) => resource.logicalId.startsWith(prefix));
    if (key !== undefined) unmet.delete(key);
    const value = (key === undefined ? undefined : preset[key]) ?? properties.SecretString;
    const generate = properties.GenerateSecretString ?? GenerateSecretString.parse({});
    const { arn } = service.createSecret(value === undefined ? { name, generate } : { name, value });
    deployment.resolver.provide(resource.stack, resource.logicalId, { ref: arn, attributes: { Id: arn } });
  }
  if (unmet.size > 0) throw new Error(`the template has no secret ${[...unmet].join(', ')}`);
};
