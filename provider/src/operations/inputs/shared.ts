import { z } from "zod";
import type { Connection } from "../../inputs";
import { authorityProblem } from "../../recipe/tls";
import { address, host, port } from "./hosts";

/** The shapes that several resources take. */

/** What MariaDB takes as the name of an account. */
export const userName = z
  .string()
  .min(1, "must not be empty")
  .max(128, "must have at most 128 characters")
  .regex(/^[^\p{Cc}]*$/u, "must not have control characters");

export const password = z.string().min(1, "must not be empty: give the account a password");

const direct = z
  .strictObject({
    ca: z
      .string()
      .superRefine((text, context) => {
        const problem = authorityProblem(text);
        if (problem) context.addIssue(problem);
      })
      .meta({
        description:
          "The authority that signed the server's certificate, in PEM format. The certificate must name the server's " +
          "`address`.",
      }),
    from: z
      .string()
      .regex(/^[A-Za-z0-9._:%-]+$/, "must be a host name, an IP address, or a pattern of one with %")
      .toLowerCase()
      .refine(
        (from) => from !== "localhost",
        "must be where the statements come from: the admin is let in from localhost anyway",
      )
      .default("%")
      .meta({
        description: "From where the admin account may log in then, with TLS only: an address, or a pattern with `%`.",
      }),
  })
  .meta({ id: "DirectAccess", description: "How statements go to the server without a detour." });

const admin = z
  .strictObject({
    user: userName
      .default("session_store_admin")
      .meta({ description: "Another name makes another account; the former one is left." }),
    password: password.meta({
      description:
        "A change is made by MariaDB's root through the socket, at once. May be overridden by the environment " +
        "variable SESSION_STORE_ADMIN_PASSWORD, when the one in the state is out of date.",
    }),
  })
  .meta({
    id: "Admin",
    description:
      "The account with which this library changes a server. It may log in on the server's own machine only, " +
      "unless `direct` is given.",
  });

export const connection: z.ZodType<Connection> = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "How messages name the server. @default `<address>:<port>`" }),
    host: host.meta({
      description: "The machine that runs it. Statements travel through it too, to the server's own socket.",
    }),
    address: address.meta({ description: "Name or IP address at which the peer and the proxies reach the server." }),
    port: port.default(3306).meta({ description: "TCP port of the server." }),
    admin: admin.meta({
      description: "The account with which this library changes the server. `MariaDbNode` makes it.",
    }),
    direct: direct.optional().meta({
      description:
        "Statements go straight to `address` and `port`, with TLS, and through the machine only where that fails, " +
        "as before the server has its certificate. A change touches nothing but the admin's second account. " +
        "@default they go through the machine",
    }),
  })
  .meta({
    id: "Connection",
    description:
      "How one server of the pair is reached, and by whom. Other resources get it from `MariaDbNode.connection`.",
  });

export const databaseName = z
  .string()
  .min(1, "must not be empty")
  .max(64, "must have at most 64 characters")
  .regex(/^[A-Za-z0-9_$-]+$/, "may have letters, digits, _, $ and -");

export const profile = z.enum(["vendor", "hardened"]).default("vendor");
