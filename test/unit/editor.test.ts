import * as path from "node:path";
import * as ts from "typescript";

/** What an editor says of the published types: to a program as users write it, and of each argument. */

const repository = path.resolve(__dirname, "../..");
const program = path.join(repository, "test/support/typed/program.ts");
/** As the vendor's template for TypeScript has it. */
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2020,
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  experimentalDecorators: true,
  types: ["node"],
  noEmit: true,
};

const files = new Map([[program, ts.sys.readFile(program) ?? ""]]);
const service = ts.createLanguageService({
  getCompilationSettings: () => OPTIONS,
  getScriptFileNames: () => [...files.keys()],
  getScriptVersion: (file) => String(files.get(file)?.length),
  getScriptSnapshot: (file) => {
    const text = files.get(file) ?? ts.sys.readFile(file);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => repository,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (file) => files.has(file) || ts.sys.fileExists(file),
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
  realpath: (file) => (files.has(file) ? file : (ts.sys.realpath?.(file) ?? file)),
});
afterAll(() => service.dispose());

const problemsIn = (file: string) =>
  service.getSemanticDiagnostics(file).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));

test("a program compiles in which each resource gets the outputs of others", () => {
  expect(problemsIn(program)).toEqual([]);
});

test.each([
  ["a misspelt argument", "montior: { password: 'm' },", /'montior' does not exist/],
  ["one of an account", "extraAccounts: [{ usr: 'a', password: 'b', grants: [] }],", /'usr' does not exist/],
  ["one of a machine's login", "viewer: { pasword: 'x' },", /'pasword' does not exist/],
])("%s does not compile", (_what, argument, message) => {
  const file = path.join(repository, "test/support/typed/wrong.ts");
  files.set(file, `${files.get(program)?.replace('requireTls: "SSL",\n  schema', `${argument}\n  schema`)}`);
  expect(problemsIn(file).join()).toMatch(message);
  files.delete(file);
});

const ARGUMENTS = [
  "ReplicatedSessionStoreArgs",
  "MariaDbNodeArgs",
  "SessionStoreUsersArgs",
  "ReplicationLinkArgs",
  "SessionStoreDatabaseArgs",
  "SessionStoreSchemaArgs",
  "LocalMariaDbArgs",
  "ContainerHealthArgs",
];

test.each(ARGUMENTS)("an editor has a text for each argument of %s, at every depth", (name) => {
  const checker = service.getProgram()?.getTypeChecker() as ts.TypeChecker;
  const texts = [...textsOf(checker, typeNamed(checker, name), name)];
  expect(texts.length).toBeGreaterThan(1);
  expect(texts.filter(([, text]) => text.length < 5 || /\{@|inheritDoc/i.test(text))).toEqual([]);
});

test("also where it points at an argument in a program, with the default", () => {
  const text = files.get(program) ?? "";
  const place = (word: string) => text.indexOf(word);
  for (const word of [
    'grants: ["SELECT',
    "privateKey: config",
    "passwordAge:",
    "nodes: [",
    "databases: [{",
    "previousPassword:",
  ]) {
    const info = service.getQuickInfoAtPosition(program, place(word));
    expect([word, ts.displayPartsToString(info?.documentation)]).toEqual([word, expect.stringMatching(/\w+ \w+/)]);
  }
  const from = service.getQuickInfoAtPosition(program, place('from: ["%"'));
  expect(from?.tags?.map(({ name, text: parts }) => `${name} ${ts.displayPartsToString(parts)}`)).toEqual([
    'default ["%"]',
  ]);
});

function typeNamed(checker: ts.TypeChecker, name: string): ts.Type {
  const source = service.getProgram()?.getSourceFile(path.join(repository, "provider/dist/index.d.ts"));
  const module = source && checker.getSymbolAtLocation(source);
  const found = module && checker.getExportsOfModule(module).find((symbol) => symbol.name === name);
  if (!found) throw new Error(`${name} is not exported`);
  const symbol = found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
  return checker.getDeclaredTypeOfSymbol(symbol);
}

/** Each property with its text, through lists, outputs and alternatives. */
function* textsOf(checker: ts.TypeChecker, type: ts.Type, at: string): Generator<[string, string]> {
  if (type.isUnion()) for (const one of type.types) yield* textsOf(checker, one, at);
  if (!(type.flags & ts.TypeFlags.Object) && !type.isIntersection()) return;
  const item = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  if (item) yield* textsOf(checker, item, `${at}[]`);
  // Of an output or a promise, what is in it is among the alternatives; a resource has no arguments.
  const isOther = ["apply", "then", "urn"].some((property) => type.getProperty(property));
  if (item || isOther) return;
  for (const property of type.getProperties()) {
    const place = `${at}.${property.name}`;
    yield [place, ts.displayPartsToString(property.getDocumentationComment(checker))];
    yield* textsOf(checker, checker.getTypeOfSymbol(property), place);
  }
}
