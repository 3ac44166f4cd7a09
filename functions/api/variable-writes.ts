import type { SecretBox } from '../../shared/jobs/value-ports.ts';
import { badRequest } from '../../shared/model/errors.ts';
import {
  checkValueSize,
  contentOf,
  type EditVariable,
  type Variable,
  type VariableContent,
  variableBinding,
} from '../../shared/model/variable.ts';
import { fromWireCiphertext } from '../../shared/model/wire-ciphertext.ts';

type Place = { workspace: string; path: string };

const opened = async (box: SecretBox, { workspace, path }: Place, sealed: string): Promise<string> => {
  const text = await box.open(workspace, variableBinding(path), sealed);
  if (text === undefined) throw new Error(`the secret of a variable of workspace ${workspace} does not open`);
  return text;
};

const sealedSecret = async (box: SecretBox, { workspace, path }: Place, text: string): Promise<VariableContent> => ({
  is_secret: true,
  sealed: await box.seal(workspace, variableBinding(path), text),
});

/** A value as it is stored at a place. With `already`, a secret's is what this workspace once encrypted for this path. */
export const givenContent = async (
  box: SecretBox,
  place: Place,
  { value, is_secret, already }: { value: string; is_secret: boolean; already: boolean },
): Promise<VariableContent> => {
  if (is_secret && already) return givenSealed(box, place, value);
  checkValueSize(value);
  return is_secret ? sealedSecret(box, place, value) : { is_secret, value };
};

const givenSealed = async (box: SecretBox, place: Place, value: string): Promise<VariableContent> => {
  const sealed = fromWireCiphertext(value);
  const text = sealed === undefined ? undefined : await box.open(place.workspace, variableBinding(place.path), sealed);
  if (sealed === undefined || text === undefined)
    throw badRequest(
      `Bad request: body value: was not encrypted in workspace ${place.workspace} for ${place.path}: send it in plain, with already_encrypted=false (the CLI: --plain-secrets)`,
    );
  return { is_secret: true, sealed };
};

/** The value of `seen` as `edit` leaves it: a secret that moves is sealed anew, for its new path. */
export const contentAfter = async (
  box: SecretBox,
  workspace: string,
  seen: Variable,
  { edit, already }: { edit: EditVariable; already: boolean },
): Promise<VariableContent> => {
  const from = { workspace, path: seen.path };
  const to = { workspace, path: edit.path ?? seen.path };
  const is_secret = edit.is_secret ?? seen.is_secret;
  if (edit.value !== undefined) return givenContent(box, to, { value: edit.value, is_secret, already });
  if (!seen.is_secret) return is_secret ? sealedSecret(box, to, seen.value) : contentOf(seen);
  if (!is_secret)
    throw badRequest('Bad request: body is_secret: a secret becomes no plain variable without a new value');
  return to.path === from.path ? contentOf(seen) : sealedSecret(box, to, await opened(box, from, seen.sealed));
};
