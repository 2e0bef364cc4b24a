import { z } from "zod";
import type { HostInputs } from "../hosts/Host";

/** How a machine may be reached, by kind. */

const absolutePath = z.string().regex(/^\//, "must be an absolute path");

const local = z.strictObject({ kind: z.literal("local"), directory: absolutePath });

export const host: z.ZodType<HostInputs> = z.discriminatedUnion("kind", [local]);
