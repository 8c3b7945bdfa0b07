import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const INDEX = new URL("../src/index.ts", import.meta.url);

const INTRODUCTION = `# Library

\`import { createLoader } from "otc-etl"\` gives TypeScript and JavaScript programs what the command line does. Everything is
typed. \`npm run docs\` writes this page from the comments of \`src/index.ts\`: to change a sentence, change it
there.

A function that loads throws an \`OtcError\` when the load failed; its \`code\` says what kind of failure it was, and
[operations.md](operations.md#failing) what to do about it. [loading.md](loading.md) explains the counts, the guards and the
quarantine, and [settings.md](settings.md) the variables.
`;

type Documented =
  ts.FunctionDeclaration | ts.ClassDeclaration | ts.InterfaceDeclaration | ts.TypeAliasDeclaration;

/**
 * What docs/library.md should say: every name that the library exports, with the comment, the members and the types it has
 * in the source. Nothing is resolved but the file of a re-export, so types read as they are written.
 *
 * @throws Error when an exported name has no comment or is not found
 */
export function renderLibraryPage(): string {
  const index = parse(INDEX);
  const exported = index.statements.flatMap((statement) => {
    if (isDocumented(statement) && hasModifier(statement, ts.SyntaxKind.ExportKeyword)) return [statement];
    return ts.isExportDeclaration(statement) ? reExported(statement) : [];
  });
  const functionsFirst = exported.toSorted((a, b) => rank(a) - rank(b));
  return [INTRODUCTION, ...functionsFirst.map(renderDeclaration)].join("\n");
}

function rank(declaration: Documented): number {
  if (ts.isFunctionDeclaration(declaration)) return 0;
  return declaration.getSourceFile().fileName === fileURLToPath(INDEX) ? 1 : 2;
}

function parse(file: URL): ts.SourceFile {
  const path = fileURLToPath(file);
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

function reExported({ exportClause, moduleSpecifier }: ts.ExportDeclaration): readonly Documented[] {
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
  if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
  const { statements } = parse(new URL(moduleSpecifier.text, INDEX));
  return exportClause.elements.map(({ name }) => {
    const found = statements.filter(isDocumented).find((statement) => statement.name?.text === name.text);
    if (found === undefined) throw new Error(`${moduleSpecifier.text} does not declare ${name.text}.`);
    return found;
  });
}

function isDocumented(node: ts.Node): node is Documented {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

function renderDeclaration(declaration: Documented): string {
  const name = declaration.name?.text ?? "";
  const comment = commentOf(declaration);
  // A union of types that have a section each explains itself.
  if (comment === "" && !ts.isTypeAliasDeclaration(declaration)) {
    throw new Error(`${name} is exported by src/index.ts and has no comment.`);
  }
  return [`## ${name}\n`, ...(comment === "" ? [] : [`${comment}\n`]), body(declaration)].join("\n");
}

function body(declaration: Documented): string {
  if (ts.isTypeAliasDeclaration(declaration)) return codeBlock(declaration.getText().replace(/^export /, ""));
  if (ts.isFunctionDeclaration(declaration)) {
    const text = declaration.getText();
    const end = (declaration.body?.getStart() ?? declaration.getEnd()) - declaration.getStart();
    return [
      codeBlock(
        text
          .slice(0, end)
          .trim()
          .replace(/^export /, ""),
      ),
      ...examplesOf(declaration),
    ].join("\n");
  }
  const parents = (declaration.heritageClauses ?? []).flatMap(({ types }) =>
    types.map((type) => `\`${type.getText()}\``),
  );
  const members = declaration.members as ts.NodeArray<ts.ClassElement | ts.TypeElement>;
  const rows = members.filter(isPublic).map(renderMember);
  return [
    ...(parents.length === 0 ? [] : [`Has everything of ${parents.join(" and ")}, and:\n`]),
    "| member | what it is |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  const isHidden = member.name !== undefined && ts.isPrivateIdentifier(member.name);
  const isOwn = ![ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.OverrideKeyword].some((kind) =>
    hasModifier(member, kind),
  );
  return isOwn && !isHidden && !ts.isConstructorDeclaration(member);
}

function renderMember(member: ts.ClassElement | ts.TypeElement): string {
  const text = member
    .getText()
    .replace(/^readonly /, "")
    .replace(/;$/, "")
    .replaceAll(/\/\*\*.*?\*\//gs, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll("( ", "(")
    .replaceAll(/,? \)/g, ")");
  return `| \`${inCell(text)}\` | ${inCell(commentOf(member))} |`;
}

/** The comment, and what its tags say of errors and parameters, as one paragraph. */
function commentOf(node: ts.Node): string {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const text = comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "").join(" ");
  const tags = ts.getJSDocTags(node).flatMap((tag) => {
    const said = (ts.getTextOfJSDocComment(tag.comment) ?? "").replace(/[^.]$/, "$&.");
    return tag.tagName.text === "throws" ? [`Throws ${said}`] : [];
  });
  return [text.trim(), ...tags]
    .filter((part) => part !== "")
    .join(" ")
    .replaceAll(/\s+/g, " ");
}

function examplesOf(node: ts.Node): readonly string[] {
  return ts
    .getJSDocTags(node)
    .filter((tag) => tag.tagName.text === "example")
    .map((tag) => `${ts.getTextOfJSDocComment(tag.comment) ?? ""}\n`);
}

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind)
  );
}

function codeBlock(text: string): string {
  return `\`\`\`ts\n${text}\n\`\`\`\n`;
}

function inCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
}
