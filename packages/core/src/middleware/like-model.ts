import type { Model } from '../model.ts'

/** `answer` with the name and the abilities of the model that it wraps. */
export const likeModel = (model: Model, answer: Model): Model => {
  const { modelName, capabilities, compact } = model
  return Object.assign(answer, {
    ...(modelName === undefined ? {} : { modelName }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(compact === undefined ? {} : { compact }),
  })
}
