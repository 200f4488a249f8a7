/** Thrown by a step that was told to stop between two micro-batches; weights and moments are as before it. */
export class StepAbandoned extends Error {
  constructor() {
    super('The step was abandoned.');
    this.name = 'StepAbandoned';
  }
}
