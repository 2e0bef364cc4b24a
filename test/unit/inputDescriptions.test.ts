import { readdirSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";

/** What programs, previews and editors say of a property is written at its zod type, and nowhere else. */

interface Schema {
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
}

const folder = path.resolve(__dirname, "../../provider/src/operations/inputs");

async function namedTypes(): Promise<z.ZodType[]> {
  const modules = await Promise.all(readdirSync(folder).map((file) => import(path.join(folder, file))));
  const exported = modules.flatMap((module) => Object.values(module as object));
  return exported.filter((value): value is z.ZodType => value instanceof z.ZodType && Boolean(value.meta()?.["id"]));
}

/** The places, at every depth, where something has no description. */
function undescribed(value: unknown, place = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { properties = {} } = value as Schema;
  const own = Object.entries(properties).filter(([, property]) => !property.description);
  return [
    ...own.map(([name]) => `${place}.${name}`),
    ...Object.entries(value).flatMap(([key, part]) => undescribed(part, `${place}.${key}`)),
  ];
}

test("every property of every resource has a description, at every depth", async () => {
  const types = await namedTypes();
  const { $defs = {} } = z.toJSONSchema(z.tuple(types as [z.ZodType, ...z.ZodType[]]));
  for (const name of ["MariaDbNodeInputs", "SshLogin", "NodeTls", "ExtraAccountInputs", "ReplicationLinkDerived"]) {
    expect(Object.keys($defs)).toContain(name);
  }
  expect(Object.entries($defs).filter(([, schema]) => !schema.description)).toEqual([]);
  expect(undescribed($defs)).toEqual([]);
});

test("one without a description is found, also within a list", () => {
  const box = z.strictObject({ size: z.number().meta({ description: "Its size." }), lid: z.string() });
  const schema = z.toJSONSchema(z.strictObject({ boxes: z.array(box).meta({ description: "All boxes." }) }));
  expect(undescribed(schema)).toEqual([".properties.boxes.items.lid"]);
});
