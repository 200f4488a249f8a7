import { LARGEST_PROJECT_FILE_BYTES } from '../../../core/workbench/parseProjectFile.ts';
import { formatBytes } from '../format.ts';

/** The text of a file that a person gave, or why it has none that can be a project file. */
export async function readProjectText(
  file: Blob,
): Promise<{ readonly text: string; readonly failure?: string }> {
  if (file.size > LARGEST_PROJECT_FILE_BYTES) {
    return {
      text: '',
      failure: `The file has ${formatBytes(file.size)}; a project file is a page of settings. Corpora are imported on the page Corpora.`,
    };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer()) };
  } catch (error) {
    const failure =
      error instanceof TypeError
        ? 'The file is not UTF-8 text. Save it as UTF-8.'
        : 'The file cannot be read. Check that it is still there, and not a folder.';
    return { text: '', failure };
  }
}
