/** How an export is written down: its signature as a code block, its members as a list. */
import ts from 'typescript'
import { docTags, docText, oneLine } from './doc-comment.mjs'

/** @typedef {import('typescript').TypeChecker} TypeChecker */
/** @typedef {import('typescript').Symbol} Symbol */

const printer = ts.createPrinter({ removeComments: true })
const longestTypeChars = 400

/** The code of a declaration as a caller sees it: no body, no comment. @param {Symbol} symbol @param {TypeChecker} checker */
export function signatureOf(symbol, checker) {
  const declarations = symbol.declarations ?? []
  const lines = declarations.flatMap((declaration) => {
    if (ts.isFunctionDeclaration(declaration)) {
      const implementsOverloads = declaration.body && declarations.filter(ts.isFunctionDeclaration).length > 1
      return implementsOverloads ? [] : callSignature(symbol.name, declaration, checker)
    }
    if (ts.isVariableDeclaration(declaration)) return variable(symbol, declaration, checker)
    if (ts.isTypeAliasDeclaration(declaration)) {
      const members = ts.isTypeLiteralNode(declaration.type)
      const head = `type ${symbol.name}${generics(declaration)}`
      return members ? head : `${head} = ${sourceText(declaration.type)}`
    }
    if (ts.isInterfaceDeclaration(declaration))
      return `interface ${symbol.name}${generics(declaration)}${heritage(declaration)}`
    if (ts.isClassDeclaration(declaration)) return classHead(symbol, declaration)
    return []
  })
  return lines.join('\n')
}

/** One list item per public member, with its type and doc. @param {Symbol} symbol @param {TypeChecker} checker */
export function membersOf(symbol, checker) {
  return (symbol.declarations ?? []).flatMap((declaration) => {
    if (ts.isTypeAliasDeclaration(declaration)) {
      if (ts.isTypeLiteralNode(declaration.type)) return members(declaration.type.members, checker)
      return ts.isUnionTypeNode(declaration.type) ? literals(declaration.type) : []
    }
    if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return []
    return members(declaration.members, checker)
  })
}

/** @param {readonly (ts.TypeElement | ts.ClassElement)[]} elements @param {TypeChecker} checker */
function members(elements, checker) {
  return elements.flatMap((element) => {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Static
    if (ts.isConstructorDeclaration(element) || ts.getCombinedModifierFlags(element) & hidden) return []
    if (element.name && ts.isPrivateIdentifier(element.name)) return []
    const symbol = element.name && checker.getSymbolAtLocation(element.name)
    const code = codeLine(withoutBody(element))
      .replace(/^override /, '')
      .replace(/;$/, '')
    if (!symbol) return `- \`${code}\``
    const notes = oneLine([docText(symbol, checker), ...docTags(symbol, checker)].join(' '))
    if (!notes) return code === 'name' ? [] : `- \`${code}\``
    return `- \`${code}\`: ${notes}`
  })
}

/** @param {ts.UnionTypeNode} union */
function literals(union) {
  return [...unionDocs(union)].map(([code, doc]) => `- \`${code}\`: ${doc}`)
}

/** The members of a union that have a comment of their own, with it. @param {ts.UnionTypeNode} union */
export function unionDocs(union) {
  const source = union.getSourceFile().text
  /** @type {Map<string, string>} */
  const docs = new Map()
  for (const type of union.types) {
    const comment = ts.getLeadingCommentRanges(source, type.pos)?.at(-1)
    const text = comment && source.slice(comment.pos, comment.end)
    if (!text?.startsWith('/**')) continue
    docs.set(oneLine(type.getText()), oneLine(text.replace(/^\/\*\*|\*\/$/g, '').replace(/^\s*\*/gm, '')))
  }
  return docs
}

/** @param {ts.TypeElement | ts.ClassElement} element */
function withoutBody(element) {
  const body =
    /** @type {{ body?: ts.Node }} */ (element).body ??
    /** @type {{ initializer?: ts.Node }} */ (element).initializer
  const text = element.getText()
  if (!body) return stripComments(text)
  const code = text.slice(0, body.getStart() - element.getStart())
  return stripComments(code).replace(/[=\s]+$/, '')
}

/** @param {string} name @param {ts.FunctionDeclaration | ts.ArrowFunction} node @param {TypeChecker} checker */
function callSignature(name, node, checker) {
  const parameters = node.parameters.map((parameter) => stripComments(parameter.getText())).join(', ')
  const signature = checker.getSignatureFromDeclaration(node)
  const result = node.type?.getText() ?? (signature && checker.typeToString(signature.getReturnType(), node))
  return `function ${name}${generics(node)}(${parameters}): ${result ?? 'unknown'}`
}

/** @param {Symbol} symbol @param {ts.VariableDeclaration} declaration @param {TypeChecker} checker */
function variable(symbol, declaration, checker) {
  const { initializer } = declaration
  if (declaration.type) return `const ${symbol.name}: ${sourceText(declaration.type)}`
  if (initializer && ts.isArrowFunction(initializer)) return callSignature(symbol.name, initializer, checker)
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration)
  const text = checker.typeToString(type, declaration, ts.TypeFormatFlags.NoTruncation)
  const short = text.length > longestTypeChars ? checker.typeToString(type, declaration) : text
  return `const ${symbol.name}: ${short}`
}

/** @param {Symbol} symbol @param {ts.ClassDeclaration} declaration */
function classHead(symbol, declaration) {
  const head = `class ${symbol.name}${generics(declaration)}${heritage(declaration)}`
  const made = declaration.members.find(ts.isConstructorDeclaration)
  if (!made) return head
  const parameters = made.parameters
    .map((parameter) => codeLine(stripComments(parameter.getText())))
    .join(', ')
  return `${head}\nnew ${symbol.name}(${parameters})`
}

/** @param {ts.DeclarationWithTypeParameters & { typeParameters?: ts.NodeArray<ts.TypeParameterDeclaration> }} declaration */
function generics(declaration) {
  const names = declaration.typeParameters?.map((parameter) => parameter.getText()) ?? []
  return names.length > 0 ? `<${names.join(', ')}>` : ''
}

/** @param {ts.InterfaceDeclaration | ts.ClassDeclaration} declaration */
function heritage(declaration) {
  return (declaration.heritageClauses ?? []).map((clause) => ` ${oneLine(clause.getText())}`).join('')
}

/** @param {ts.TypeNode} node */
function sourceText(node) {
  return printer
    .printNode(ts.EmitHint.Unspecified, node, node.getSourceFile())
    .replaceAll('    ', '  ')
    .replace(/;$/gm, '')
}

/** @param {string} code */
function stripComments(code) {
  return code
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\n\s*\n/g, '\n')
}

/** Code on one line; members that only a line break parted get a semicolon. @param {string} code */
function codeLine(code) {
  return oneLine(code.replace(/([^\s{([,;|&<=>:?])\n\s*(?![\s})\],|&>=?:.])/g, '$1; '))
}
