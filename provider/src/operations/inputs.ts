import { z } from "zod";
import type { Connection } from "../mariadb/server";
import { address, host, port } from "./hostInputs";

/** The shapes that several resources take. */

/** What MariaDB takes as the name of an account. */
export const userName = z
  .string()
  .min(1, "must not be empty")
  .max(128, "must have at most 128 characters")
  .regex(/^[^\p{Cc}]*$/u, "must not have control characters");

export const password = z.string().min(1, "must not be empty: give the account a password");

export const connection: z.ZodType<Connection> = z.strictObject({
  name: z.string().min(1).optional(),
  host,
  address,
  port: port.default(3306),
  admin: z.strictObject({ user: userName.default("session_store_admin"), password }),
});

export const databaseName = z
  .string()
  .min(1, "must not be empty")
  .max(64, "must have at most 64 characters")
  .regex(/^[A-Za-z0-9_$-]+$/, "may have letters, digits, _, $ and -");

export const profile = z.enum(["vendor", "hardened"]).default("vendor");
