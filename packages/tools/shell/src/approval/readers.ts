/** What a program may be given and still only reads. What is not named here is not known to be harmless. */
export interface Reader {
  /** Letters of short options. */
  readonly short: string
  /** Names of long options, without `--`; abbreviations do not count. */
  readonly long: readonly string[]
  /** Operands it may have at most. @defaultValue any number */
  readonly operands?: number
}

const reader = (short: string, long = '', rest: Omit<Reader, 'short' | 'long'> = {}): Reader => ({
  short,
  long: long === '' ? [] : long.split(' '),
  ...rest,
})

/**
 * Programs that only read, with the options for which that holds. Left out on purpose: `sort -o`, `uniq` with an output file, `tree -o`, `rg --pre`,
 * `file -C`, `date -s`, and everything that starts another program (`env`, `xargs`, `time`, `nice`, `awk`, `sed`).
 */
export const READERS: Readonly<Record<string, Reader>> = {
  basename: reader('as', 'multiple suffix'),
  cat: reader('AbeEnstTuv', 'number number-nonblank show-all show-ends show-tabs squeeze-blank'),
  cmp: reader('bils', 'print-bytes bytes verbose quiet silent'),
  cut: reader('bcdfns', 'bytes characters delimiter fields only-delimited complement'),
  df: reader('ahikPT', 'human-readable inodes'),
  diff: reader(
    'abBcCdeiNqrstuUwyW',
    'brief unified context recursive ignore-all-space new-file side-by-side color',
  ),
  dirname: reader('', ''),
  du: reader('abcdhkmsSxL', 'all apparent-size bytes max-depth human-readable summarize total'),
  echo: reader('neE'),
  egrep: reader('acEFGhHiIlLnoqrsvwxzABCmePf', 'include exclude exclude-dir color'),
  false: reader(''),
  fgrep: reader('acEFGhHiIlLnoqrsvwxzABCmePf', 'include exclude exclude-dir color'),
  grep: reader(
    'acEFGhHiIlLnoqrRsvwxzABCmePf',
    'include exclude exclude-dir color count ignore-case invert-match line-number files-with-matches recursive only-matching word-regexp regexp fixed-strings extended-regexp perl-regexp max-count context after-context before-context no-messages quiet',
  ),
  head: reader('cnqvz', 'bytes lines quiet verbose'),
  id: reader('gGnru'),
  ls: reader(
    '1aAbBcCdfFgGhHiIklLmnopqQrRsStTuUvwxXZ',
    'all almost-all color directory human-readable recursive reverse size sort time full-time',
  ),
  md5sum: reader('b', 'tag'),
  nl: reader('bdfhilnpsvw', ''),
  od: reader('abcdfhiloNjtAvwxs', ''),
  printf: reader('', ''),
  pwd: reader('LP'),
  readlink: reader('efmnqsvz', 'canonicalize'),
  realpath: reader('emLPqsz', 'relative-to relative-base'),
  sha1sum: reader('b', 'tag'),
  sha256sum: reader('b', 'tag'),
  sort: reader(
    'bcdfghikMnrRstuVz',
    'reverse numeric-sort unique key field-separator human-numeric-sort version-sort',
  ),
  stat: reader('cfLt', 'format printf dereference'),
  strings: reader('anoef', ''),
  tac: reader('brs', ''),
  tail: reader('cnqvz', 'bytes lines quiet verbose'),
  tr: reader('cCdst', 'complement delete squeeze-repeats truncate-set1'),
  true: reader(''),
  uname: reader('amnoprsv', 'all'),
  uniq: reader('cdDfisuwz', 'count repeated unique ignore-case skip-fields', { operands: 1 }),
  wc: reader('clLmw', 'bytes chars lines words max-line-length'),
  which: reader('a'),
  whoami: reader(''),
  xxd: reader('bceEgilpsu', '', { operands: 1 }),
}

/** As `READERS`, for what `git` does: its options before the subcommand are refused. */
export const GIT_READERS: Readonly<Record<string, Reader>> = (() => {
  const revisions =
    'oneline stat numstat shortstat name-only name-status patch no-color graph all decorate max-count since until author grep format pretty abbrev-commit follow reverse merges no-merges first-parent date word-diff no-ext-diff no-textconv unified ignore-all-space find-renames'
  return {
    blame: reader('LwMCs', 'porcelain date'),
    diff: reader('puUwbMRz', `${revisions} cached staged exit-code quiet merge-base`),
    log: reader('npuULSGiEFw', revisions),
    'ls-files': reader('comdstuz', 'others cached modified deleted exclude-standard stage'),
    'rev-parse': reader('q', 'abbrev-ref short show-toplevel verify is-inside-work-tree git-dir'),
    show: reader('npuUsw', revisions),
    status: reader('sbuvz', 'short branch porcelain untracked-files ignored no-renames'),
  }
})()

/** Tests and actions of `find` that change nothing and start nothing. */
export const FIND_WORDS: ReadonlySet<string> = new Set(
  (
    '-name -iname -path -ipath -wholename -regex -iregex -type -size -mtime -mmin -newer -empty -maxdepth -mindepth -depth -print -print0 -ls -prune -not -and -or -a -o ' +
    '-links -perm -user -group -readable -writable -executable -atime -ctime -amin -cmin -quit -xdev -mount -follow -H -L -P'
  ).split(' '),
)
