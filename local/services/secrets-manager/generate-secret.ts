import { randomInt } from 'node:crypto';
import { z } from 'zod';

/** CloudFormation's GenerateSecretString, with its defaults. */
export const GenerateSecretString = z.object({
  PasswordLength: z.number().int().min(1).max(4096).default(32),
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: z.boolean().default(false),
  ExcludeUppercase: z.boolean().default(false),
  ExcludeNumbers: z.boolean().default(false),
  ExcludePunctuation: z.boolean().default(false),
  IncludeSpace: z.boolean().default(false),
  RequireEachIncludedType: z.boolean().default(true),
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
});
export type GenerateSecretString = z.input<typeof GenerateSecretString>;

const lower = 'abcdefghijklmnopqrstuvwxyz';
const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

const anyOf = (characters: string): string => characters.charAt(randomInt(characters.length));

const shuffled = (characters: string[]): string => {
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other] ?? '', characters[last] ?? ''];
  }
  return characters.join('');
};

const kindsOf = (wish: z.output<typeof GenerateSecretString>): string[] => {
  const kinds = [
    wish.ExcludeLowercase ? '' : lower,
    wish.ExcludeUppercase ? '' : lower.toUpperCase(),
    wish.ExcludeNumbers ? '' : '0123456789',
    wish.ExcludePunctuation ? '' : punctuation,
    wish.IncludeSpace ? ' ' : '',
  ];
  const allowed = kinds.map((kind) => [...kind].filter((char) => !wish.ExcludeCharacters.includes(char)).join(''));
  return allowed.filter((kind) => kind !== '');
};

/** A random text as Secrets Manager makes it: one of each kind of character at least, unless told otherwise. */
export const generateSecret = (input: GenerateSecretString): string => {
  const wish = GenerateSecretString.parse(input);
  const kinds = kindsOf(wish);
  const required = wish.RequireEachIncludedType ? kinds.map(anyOf).slice(0, wish.PasswordLength) : [];
  const rest = Array.from({ length: wish.PasswordLength - required.length }, () => anyOf(kinds.join('')));
  const password = shuffled([...required, ...rest]);
  if (wish.SecretStringTemplate === undefined || wish.GenerateStringKey === undefined) return password;
  const template = z.record(z.string(), z.unknown()).parse(JSON.parse(wish.SecretStringTemplate));
  return JSON.stringify({ ...template, [wish.GenerateStringKey]: password });
};
