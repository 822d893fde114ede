import { readXml } from './read-xml.ts'
import type { ZipFile } from './unzip.ts'

const MAX_TITLE = 500

/** The title in a document's properties. */
export const officeTitle = (zip: ZipFile): { title?: string } => {
  if (!zip.has('docProps/core.xml')) return {}
  let title = ''
  let inside = false
  readXml(zip.read('docProps/core.xml'), {
    open: (tag) => {
      inside = tag === 'title'
    },
    close: () => {
      inside = false
    },
    text: (text) => {
      if (inside && title.length < MAX_TITLE) title += text
    },
  })
  return title.trim() === '' ? {} : { title: title.trim().slice(0, MAX_TITLE) }
}
