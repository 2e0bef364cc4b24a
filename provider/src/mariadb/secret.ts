import { withoutHashes } from "../recipe/accounts/password";

/** A value that no message may show, and no record. Password hashes are hidden without being marked. */
export class Secret {
  constructor(readonly text: string) {}

  /** Lines of the record are JSON. */
  toJSON(): string {
    return "***";
  }
}

/** Servers quote parts of a statement in their errors: no secret that we sent may be shown by that. */
export function withoutSecrets(message: string, values: readonly unknown[]): string {
  const secrets = values.flatMap((value) => (value instanceof Secret && value.text !== "" ? [value.text] : []));
  return withoutHashes(secrets.reduce((text, secret) => text.split(secret).join("***"), message));
}

/** Values as the server gets them. */
export const inClear = (values: readonly unknown[]): unknown[] =>
  values.map((value) => (value instanceof Secret ? value.text : value));
