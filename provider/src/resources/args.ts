import * as pulumi from "@pulumi/pulumi";
import type { Admin, Connection, ExtraAccountInputs, Viewer } from "../inputs";
import { isLater } from "./refused";

/** A value, or an output of another resource, at every depth. */
export type Nested<T> = pulumi.Input<
  T extends readonly (infer Element)[]
    ? readonly Nested<Element>[]
    : T extends Connection
      ? ConnectionArgs
      : T extends object
        ? Args<WithDefaults<T>>
        : T
>;

/** Of what lies deeper too, properties with a default may be left out. */
export type WithDefaults<T> = T extends ExtraAccountInputs
  ? Defaulted<T, "from">
  : T extends Admin | Viewer
    ? Defaulted<T, "user">
    : T;

/** A connection as programs give it: the port and the names of our own accounts may be left out. */
export interface ConnectionArgs extends Args<Defaulted<Connection, "port">> {}

/** What a resource takes, made of the plain values that its operations work on. */
export type Args<T> = { [K in keyof T]: Nested<T[K]> };

/** Properties with a default may be left out. */
export type Defaulted<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

const SECRETS = new Set(["password", "previousPassword", "privateKey", "passphrase"]);

/** Marks every password and private key as a secret, also one that the program gave as plain text, and leaves the rest readable in previews. */
export function withSecrets<T>(value: T): T {
  if (isLater(value)) return pulumi.output(value).apply(withSecrets) as T;
  if (Array.isArray(value)) return value.map(withSecrets) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      SECRETS.has(key) && part !== undefined ? pulumi.secret(part) : withSecrets(part),
    ]),
  ) as T;
}
