import { z } from "zod";
import type { Connection } from "../mariadb/connection";
import { authorityProblem } from "../recipe/tls";
import { address, host, port } from "./hostInputs";

/** The shapes that several resources take. */

/** What MariaDB takes as the name of an account. */
export const userName = z
  .string()
  .min(1, "must not be empty")
  .max(128, "must have at most 128 characters")
  .regex(/^[^\p{Cc}]*$/u, "must not have control characters");

export const password = z.string().min(1, "must not be empty: give the account a password");

const direct = z.strictObject({
  ca: z.string().superRefine((text, context) => {
    const problem = authorityProblem(text);
    if (problem) context.addIssue(problem);
  }),
  from: z
    .string()
    .regex(/^[A-Za-z0-9._:%-]+$/, "must be a host name, an IP address, or a pattern of one with %")
    .toLowerCase()
    .refine(
      (from) => from !== "localhost",
      "must be where the statements come from: the admin is let in from localhost anyway",
    )
    .default("%"),
});

export const connection: z.ZodType<Connection> = z.strictObject({
  name: z.string().min(1).optional(),
  host,
  address,
  port: port.default(3306),
  admin: z.strictObject({ user: userName.default("session_store_admin"), password }),
  direct: direct.optional(),
});

export const databaseName = z
  .string()
  .min(1, "must not be empty")
  .max(64, "must have at most 64 characters")
  .regex(/^[A-Za-z0-9_$-]+$/, "may have letters, digits, _, $ and -");

export const profile = z.enum(["vendor", "hardened"]).default("vendor");
