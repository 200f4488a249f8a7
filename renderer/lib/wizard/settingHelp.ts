/** One line on every setting: what it does to the result or the cost. */

export interface SettingHelp {
  readonly line: string;
  readonly unit?: string;
  /** What leaving it out means, where no value says it. */
  readonly whenEmpty?: string;
  /** Shown without being asked for. */
  readonly isUsual?: boolean;
}

export const HELP: Readonly<Record<string, SettingHelp>> = {
  'training.learning_rate': {
    line: 'The peak of the schedule. Higher gains faster and forgets more.',
    isUsual: true,
  },
  'training.max_steps': {
    line: 'Optimizer steps; when given, epochs are not counted.',
    unit: 'steps',
    whenEmpty: 'as the epochs say',
    isUsual: true,
  },
  'training.num_train_epochs': {
    line: 'Passes over the training split of the target corpus.',
    unit: 'epochs',
    isUsual: true,
  },
  'training.per_device_train_batch_size': {
    line: 'Target sequences a micro-batch; memory grows with it.',
    unit: 'sequences',
    isUsual: true,
  },
  'training.gradient_accumulation_steps': {
    line: 'Micro-batches a step: a larger batch in the same memory.',
    unit: 'batches',
  },
  'training.max_seq_length': {
    line: 'Longer documents are cut into windows of this length; time and memory grow with it.',
    unit: 'tokens',
    isUsual: true,
  },
  'training.mlm_probability': { line: 'Share of the tokens that is predicted.', isUsual: true },
  'training.whole_word_mask': { line: 'Masks all pieces of a word together.' },
  'training.packing': {
    line: 'Whether short documents share a sequence (concatenate) or have their own.',
  },
  'training.lr_scheduler_type': { line: 'How the learning rate falls after the warm-up.' },
  'training.warmup_steps': {
    line: 'Steps over which the learning rate rises from 0.',
    unit: 'steps',
  },
  'training.warmup_ratio': { line: 'The warm-up as a share of all steps, when steps are 0.' },
  'training.weight_decay': { line: 'AdamW’s decay towards 0; not towards the base model.' },
  'training.adam_beta1': { line: 'Decay of AdamW’s mean of gradients.' },
  'training.adam_beta2': { line: 'Decay of AdamW’s mean of squared gradients.' },
  'training.adam_epsilon': { line: 'Keeps AdamW’s division from 0.' },
  'training.max_grad_norm': { line: 'Longer gradients are cut to this norm; 0 cuts none.' },
  'training.dropout': {
    line: 'Replaces both dropout rates of the model.',
    whenEmpty: 'as in the model',
  },
  'training.logging_steps': {
    line: 'A point on the training curves every so many.',
    unit: 'steps',
  },
  'training.eval_steps': {
    line: 'Both validation losses every so many; more often costs time.',
    unit: 'steps',
  },
  'training.save_steps': { line: 'A checkpoint every so many.', unit: 'steps' },
  'training.save_minutes': { line: 'Also a checkpoint after so long.', unit: 'minutes' },
  'training.save_total_limit': {
    line: 'Checkpoints kept a run; each has the weights and AdamW’s two means.',
    unit: 'checkpoints',
  },
  'selection.max_steps': {
    line: 'Length of the runs that choose λ; shorter ones cost less.',
    unit: 'steps',
    whenEmpty: 'as the training',
  },
  'selection.seed': { line: 'Seed of the runs that choose λ.', whenEmpty: 'the first seed' },
  'selection.source_weight': {
    line: 'The least target loss + this × source loss on the validation split wins.',
  },
  'rehearsal.size': {
    line: 'Source sequences kept to draw from; fewer are repeated more often.',
    unit: 'sequences',
  },
  'rehearsal.policy': {
    line: 'by_document takes one sequence of each document in turn, so that long ones do not crowd out short ones.',
  },
  'fisher.sequences': {
    line: 'Source sequences of the estimate; its time grows with it.',
    unit: 'sequences',
  },
  'fisher.variant': {
    line: 'batch squares the mean gradient of a batch, as the published code does; λ has another scale then.',
  },
  'fisher.batch_size': { line: 'Of the variant batch.', unit: 'sequences' },
  'fisher.seed': { line: 'Which source sequences are drawn.' },
  'evaluation.mask_probability': { line: 'Share of the tokens masked and scored.', isUsual: true },
  'evaluation.max_tokens': {
    line: 'Text read for each frozen-mask set; more narrows the intervals and costs time.',
    unit: 'tokens',
    isUsual: true,
  },
  'evaluation.seed': { line: 'Which tokens are masked; the same for all runs.' },
  engine: { line: 'auto takes the quickest engine that passes its self-check here.' },
  threads: { line: 'Processor threads of the engine.', whenEmpty: 'as many as cores' },
};

const LAYER_NORM: SettingHelp = { line: 'Whether LayerNorm weights and biases are held too.' };

export const PART_HELP: Readonly<Record<string, Readonly<Record<string, SettingHelp>>>> = {
  rh: {
    lambda: { line: 'Weight of the source loss.' },
    ratio: { line: 'Source sequences for each target sequence.' },
  },
  l2: { lambda: { line: 'Strength of the pull to the base model.' }, layer_norm: LAYER_NORM },
  ewc: { lambda: { line: 'Strength of the pull to the base model.' }, layer_norm: LAYER_NORM },
  gem: { ratio: { line: 'Source sequences for each target sequence.' } },
  lwf: {
    lambda: { line: 'Weight of agreeing with the base model.' },
    temperature: { line: 'Softens both predictions; above 1, unlikely words count more.' },
  },
  lrc: { decay: { line: 'Learning rate of a layer over that of the layer above it.' } },
};
