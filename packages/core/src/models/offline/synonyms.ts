import { stem } from './words.ts'

/** Words that mean about the same when a tool is asked for; the first of each line names it. */
const GROUPS = `
weather temperature celsius fahrenheit forecast degrees hot cold warm rain rainy sunny snow wind humidity umbrella
list ls files entries directory folder enumerate glob tree howmany
count howmany total number amount
read open view content contents contain contains ask asks say says cat print text describe explain
search find grep look lookup mention mentions mentioned occurrence occurrences where locate match matches defined used
calculate compute calculator calculation calc math maths evaluate arithmetic expression multiply times
multiply times product
sum add plus total
subtract minus difference
divide quotient
send mail email message notify post
convert conversion exchange change
currency exchange euro euros dollar dollars
time clock hour oclock timezone
date day today calendar
translate translation translator
delete remove erase destroy drop unlink
create make new add open register
write save store record compose
update change edit modify set rename patch
refund reimburse money back
pay payment charge
order purchase
buy order purchase
price cost worth expensive cheap quote
stock share shares ticker
user customer client account person people contact
invoice bill billing
book reserve reservation booking schedule
cancel abort revoke
summarise summarize summary shorten digest
greet greeting hello hi welcome
research investigate study facts
fetch download url page website site web
run execute command shell
test tests check verify validate
ticket issue bug
event meeting appointment
distance far route directions
population inhabitants people
capital country
`

const groupsByStem = new Map<string, number[]>()
GROUPS.trim()
  .split('\n')
  .forEach((line, group) => {
    for (const word of line.split(' ')) {
      const key = stem(word)
      const groups = groupsByStem.get(key)
      if (groups === undefined) groupsByStem.set(key, [group])
      else groups.push(group)
    }
  })

/** True when the stem is one the model has a meaning for; such a word is no name, even when capitalised. */
export const isKnownWord = (wordStem: string): boolean => groupsByStem.has(wordStem)

/** How well two stems meet: 1 the same, 0.8 one begins the other, 0.6 about the same meaning, 0 not at all. */
export const affinity = (left: string, right: string): number => {
  if (left === right) return 1
  if (left.length >= 5 && right.length >= 5 && (left.startsWith(right) || right.startsWith(left))) return 0.8
  const groups = groupsByStem.get(left)
  if (groups === undefined) return 0
  const others = groupsByStem.get(right)
  return others !== undefined && groups.some((group) => others.includes(group)) ? 0.6 : 0
}

/** The best affinity between a stem and any of the others. */
export const bestAffinity = (wordStem: string, others: Iterable<string>): number => {
  let best = 0
  for (const other of others) {
    const found = affinity(wordStem, other)
    if (found > best) best = found
    if (best === 1) break
  }
  return best
}
