import type { Step } from '../../lib/wizard/draft.ts';

export const STEP_TITLES: Readonly<
  Record<Step, { readonly short: string; readonly title: string; readonly text: string }>
> = {
  model: {
    short: 'Base model',
    title: 'Which model is tuned?',
    text: 'It is read and never changed. Every run begins from its weights, and forgetting is measured against it.',
  },
  target: {
    short: 'Target corpus',
    title: 'Which text is it to learn?',
    text: 'The text of the specialist domain. Its training split is learned from; the other two only measure the gain.',
  },
  source: {
    short: 'Source corpus',
    title: 'Which text must it not forget?',
    text: 'General text like that of the base model’s pretraining. Forgetting is the rise of the loss on it.',
  },
  strategies: {
    short: 'Strategies',
    title: 'How is it kept from forgetting?',
    text: 'Each strategy is trained with each seed and gets a row of the results.',
  },
  settings: {
    short: 'Settings',
    title: 'How is it trained and measured?',
    text: 'The same for every strategy. What is left empty has the default, and only what differs is written to the project file.',
  },
  review: {
    short: 'Review',
    title: 'Review and start',
    text: 'Nothing has been written yet. After the start the runs wait in the queue and go on without this window.',
  },
};
