import { agent } from 'antiphon'
import { scripted } from 'antiphon/testing'

/**
 * A function gets the model of the command line. This agent only tells its name.
 * @param {{ model: import('antiphon').Model }} given
 */
export default async ({ model }) => agent({ model: scripted([`I am ${model.modelName}.`]) })
