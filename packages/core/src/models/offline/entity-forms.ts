import { fileKindNames } from './file-kinds.ts'

/** What a piece of the question is, judged by its form alone. */
export type EntityKind =
  | 'quoted'
  | 'url'
  | 'email'
  | 'date'
  | 'time'
  | 'expression'
  | 'path'
  | 'filetype'
  | 'upper'
  | 'identifier'
  | 'number'
  | 'name'
  | 'phrase'

const MONTHS =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?'
const DAYS = 'mon|tues|wednes|thurs|fri|satur|sun'

/** The forms, in the order in which they claim text; what is claimed is not looked at again. */
export const FORMS: ReadonlyArray<readonly [EntityKind, RegExp]> = [
  [
    'quoted',
    /```[\s\S]+?```|`([^`]+)`|"([^"]+)"|“([^”]+)”|«([^»]+)»|(?<![\p{L}\p{N}])'([^']+)'(?![\p{L}\p{N}])/gu,
  ],
  ['url', /\b[a-z][a-z0-9+.-]*:\/\/[^\s<>"')]+[^\s<>"').,;:!?]/gi],
  ['email', /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['date', /\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?\b/g],
  [
    'date',
    new RegExp(
      `\\b(?:(?:\\d{1,2}(?:st|nd|rd|th)?\\s+)(?:${MONTHS})(?:\\s+\\d{4})?|(?:${MONTHS})\\s+\\d{1,2}(?:st|nd|rd|th)?(?:,?\\s+\\d{4})?)\\b`,
      'gi',
    ),
  ],
  [
    'date',
    new RegExp(
      `\\b(?:(?:next|last|this)\\s+)?(?:${DAYS})day\\b|\\b(?:today|tomorrow|yesterday|tonight)\\b`,
      'gi',
    ),
  ],
  ['time', /\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b/gi],
  [
    'path',
    /(?<![\w/])(?:[\w.@*-]+\/|\.{0,2}\/|~\/)[\w.@*{},/-]*[\w*/}]|(?<![\w.])\*[\w*]*\.\w+|\b[\w-]+(?:\.[\w-]+)*\.(?=[a-z])[a-z0-9]{1,5}\b(?!\()/gi,
  ],
  [
    'expression',
    /(?<![\w.])[-(]*\d[\d.,]*\)*(?:\s*(?:[-+*/×÷^%]|\*\*|\b(?:plus|minus|times|divided by|multiplied by|mod|over)\b)\s*[-(]*\d[\d.,]*\)*)+(?![\w])/gi,
  ],
  [
    'filetype',
    new RegExp(
      `(?<![\\w/])\\.?(?:${fileKindNames().join('|')})(?=\\s+(?:source\\s+)?(?:files?|modules?|sources?|documents?|pages?)\\b)|(?<![\\w/])\\.[a-z]{1,4}(?=\\s+files?\\b)`,
      'gi',
    ),
  ],
  [
    'identifier',
    /#\d+\b|\b[A-Za-z]{1,6}-?\d[\w-]*\b|\b\d+-[\w-]+\b|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*|\b\w+_\w+\b|\b[a-z]+(?:-[a-z]+)*-[a-z]+(?=\s*(?:\?|$))/g,
  ],
  ['number', /(?<![\w.])-?\d+(?:[,_]\d{3})*(?:\.\d+)?(?![\w])|(?<![\w.])-?\d+(?:\.\d+)?(?=[a-z%°]{1,3}\b)/gi],
  ['upper', /\b[A-Z][A-Z_]{1,}\b/g],
  [
    'name',
    /\b\p{Lu}[\p{Ll}\p{M}'’-]+(?:\s+(?:(?:de|da|do|la|le|el|del|of|van|von|der|den|am|on)\s+){0,2}\p{Lu}[\p{L}\p{M}'’-]+|\s+\p{Lu}\.)*/gu,
  ],
]
