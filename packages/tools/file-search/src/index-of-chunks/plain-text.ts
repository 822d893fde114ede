/** Text that both databases can keep: Postgres takes no NUL and no half of a character. */
export const plainText = (text: string): string => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd')
