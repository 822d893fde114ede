import { AntiphonError } from 'antiphon'

/**
 * Why a patch changed nothing: its text has no meaning, what it expects is not in the file, a path is not allowed, a file is not there or changed meanwhile, it is too
 * large, a file is not text, another patch is at work, or the disk refused.
 */
export type PatchErrorCode =
  | 'patch_invalid'
  | 'patch_mismatch'
  | 'patch_path'
  | 'patch_conflict'
  | 'patch_too_large'
  | 'patch_not_text'
  | 'patch_busy'
  | 'patch_failed'

/** A patch that was not applied: every file is as it was. The message is written for the model that wrote the patch. */
export class PatchError extends AntiphonError<PatchErrorCode> {
  override name = 'PatchError'
}
