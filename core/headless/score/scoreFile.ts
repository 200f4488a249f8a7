/** Scores a file of masked examples with the model of a folder. */
import type { EngineChoice } from '../../engine/types.ts';
import { maximumSequenceLength } from '../../model/config.ts';
import { loadModelFolder } from '../../model/modelFolder.ts';
import { openMlmSession } from '../../model/openSession.ts';
import { readMaskedLines } from './maskedLines.ts';
import { scoreLines } from './scoreLines.ts';
import type { LineScore } from './scoreLines.ts';

export interface ScoredFile {
  readonly lines: readonly LineScore[];
  readonly engine: string;
  /** For people: "ONNX Runtime 1.30.0, CPU, 2 threads". */
  readonly device: string;
}

/** Throws a UserError for a folder that is no model and for the first line that does not fit it. */
export async function scoreFile(
  modelFolder: string,
  maskedFile: string,
  engine: EngineChoice,
  report: (linesDone: number) => void,
): Promise<ScoredFile> {
  const { config, weights } = await loadModelFolder(modelFolder);
  const maxSequenceLength = maximumSequenceLength(config);
  const lines = readMaskedLines(maskedFile, { ...config, maxSequenceLength });
  const session = await openMlmSession({ config, weights, session: { engine } });
  try {
    const scores = await scoreLines(session, lines, config.padTokenId, maxSequenceLength, report);
    return { lines: scores, engine: session.engine, device: session.description };
  } finally {
    await session.close();
  }
}
