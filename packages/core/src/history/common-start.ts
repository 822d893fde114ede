/** How many items two lists share at their beginning: the very same objects, not equal ones. */
export const commonStart = (a: readonly unknown[], b: readonly unknown[]): number => {
  const most = Math.min(a.length, b.length)
  let count = 0
  while (count < most && a[count] === b[count]) count++
  return count
}
