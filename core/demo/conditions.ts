/**
 * The little medicine of the clinical notes: which complaint, drug, dose and finding belong to which
 * condition. It gives invented notes a structure to learn, and is no medical advice.
 */

export interface Drug {
  readonly name: string;
  readonly doses: readonly string[];
  readonly frequency: string;
  /** Unit and route: "mg p.o.". */
  readonly form: string;
}

export interface Condition {
  /** As written in full, and as it stands in a list of diagnoses. */
  readonly name: string;
  readonly short: string;
  readonly symptoms: readonly string[];
  readonly drugs: readonly Drug[];
  /** Name, lowest, highest, decimals, unit: values as the condition shows them. */
  readonly labs: readonly Lab[];
  readonly findings: readonly string[];
  readonly plans: readonly string[];
}

export interface Lab {
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  readonly decimals: number;
  readonly unit: string;
}

function drug(text: string): Drug {
  const [name, doses, frequency, form = 'mg p.o.'] = text.split(' | ');
  return { name, doses: doses.split(' '), frequency, form };
}

function lab(text: string): Lab {
  const [name, lowest, highest, unit] = text.split(' | ');
  const decimals = (lowest.split('.')[1] ?? '').length;
  return { name, lowest: Number(lowest), highest: Number(highest), decimals, unit };
}

function condition(
  name: string,
  short: string,
  lists: { symptoms: string; drugs: string; labs: string; findings: string; plans: string },
): Condition {
  const split = (text: string): string[] => text.split('; ');
  return {
    name,
    short,
    symptoms: split(lists.symptoms),
    drugs: split(lists.drugs).map(drug),
    labs: split(lists.labs).map(lab),
    findings: split(lists.findings),
    plans: split(lists.plans),
  };
}

export const CONDITIONS: readonly Condition[] = [
  condition('hypertension', 'HTN', {
    symptoms: 'headache; dizziness; blurred vision',
    drugs: 'lisinopril | 10 20 40 | q.d.; amlodipine | 5 10 | q.d.; metoprolol | 25 50 | b.i.d.',
    labs: 'creatinine | 0.8 | 1.4 | mg/dL; potassium | 3.6 | 5.1 | mmol/L',
    findings: 'regular rate and rhythm, no murmur; no peripheral edema',
    plans: 'recheck BP in two weeks; low sodium diet',
  }),
  condition('type 2 diabetes mellitus', 'DM2', {
    symptoms: 'polyuria; polydipsia; fatigue; weight loss',
    drugs:
      'metformin | 500 850 1000 | b.i.d.; glipizide | 5 10 | q.d.; insulin glargine | 10 18 24 | q.h.s. | units s.c.',
    labs: 'glucose | 180 | 390 | mg/dL; hemoglobin A1c | 7.4 | 11.8 | %',
    findings: 'decreased sensation in both feet; no foot ulcer',
    plans: 'diabetic diet and nutrition consult; check hemoglobin A1c in three months',
  }),
  condition('congestive heart failure', 'CHF', {
    symptoms: 'shortness of breath; orthopnea; leg swelling; weight gain',
    drugs:
      'furosemide | 20 40 80 | b.i.d.; carvedilol | 6.25 12.5 25 | b.i.d.; spironolactone | 25 | q.d.',
    labs: 'BNP | 480 | 2100 | pg/mL; sodium | 128 | 138 | mmol/L',
    findings: 'bilateral crackles at the bases; elevated JVP and pitting edema',
    plans: 'daily weights and strict intake and output; echocardiogram; fluid restriction',
  }),
  condition('chronic obstructive pulmonary disease', 'COPD', {
    symptoms: 'productive cough; wheezing; shortness of breath',
    drugs:
      'prednisone | 20 40 | q.d.; tiotropium | 18 | q.d. | mcg inhaled; azithromycin | 250 500 | q.d.',
    labs: 'pCO2 | 44 | 68 | mmHg; WBC | 7.2 | 14.6 | K/uL',
    findings: 'diffuse expiratory wheezes; prolonged expiratory phase',
    plans: 'nebulizer treatments q.4h.; smoking cessation counseling; chest x-ray',
  }),
  condition('community acquired pneumonia', 'PNA', {
    symptoms: 'fever; productive cough; chills; pleuritic chest pain',
    drugs: 'ceftriaxone | 1000 2000 | q.d. | mg IV; levofloxacin | 500 750 | q.d.',
    labs: 'WBC | 12.4 | 22.8 | K/uL; lactate | 1.4 | 3.9 | mmol/L',
    findings: 'crackles at the right base; dullness to percussion',
    plans: 'blood and sputum cultures; supplemental oxygen; repeat chest x-ray',
  }),
  condition('atrial fibrillation', 'AFib', {
    symptoms: 'palpitations; lightheadedness; fatigue',
    drugs: 'warfarin | 2.5 5 7.5 | q.d.; diltiazem | 120 180 240 | q.d.; digoxin | 0.125 | q.d.',
    labs: 'INR | 1.1 | 3.4 | ratio; TSH | 0.6 | 4.2 | mIU/L',
    findings: 'irregularly irregular rhythm; no murmur or gallop',
    plans: 'rate control and telemetry; check INR in one week; cardiology consult',
  }),
  condition('coronary artery disease', 'CAD', {
    symptoms: 'chest pain; chest pressure; diaphoresis; left arm pain',
    drugs:
      'aspirin | 81 325 | q.d.; atorvastatin | 40 80 | q.h.s.; clopidogrel | 75 | q.d.; nitroglycerin | 0.4 | p.r.n. | mg s.l.',
    labs: 'troponin | 0.02 | 2.40 | ng/mL; LDL | 92 | 188 | mg/dL',
    findings: 'chest pain not reproducible; EKG with ST depression in the lateral leads',
    plans: 'serial troponins and EKG; stress test; cardiac catheterization',
  }),
  condition('urinary tract infection', 'UTI', {
    symptoms: 'dysuria; urinary frequency; suprapubic pain',
    drugs: 'nitrofurantoin | 100 | b.i.d.; ciprofloxacin | 250 500 | b.i.d.',
    labs: 'WBC | 9.8 | 16.2 | K/uL; creatinine | 0.7 | 1.3 | mg/dL',
    findings: 'suprapubic tenderness; no costovertebral angle tenderness',
    plans: 'urine culture; increase fluid intake',
  }),
  condition('asthma', 'asthma', {
    symptoms: 'wheezing; chest tightness; nocturnal cough',
    drugs:
      'albuterol | 90 | p.r.n. | mcg inhaled; fluticasone | 110 220 | b.i.d. | mcg inhaled; montelukast | 10 | q.h.s.',
    labs: 'peak flow | 180 | 390 | L/min; eosinophils | 3 | 11 | %',
    findings: 'bilateral wheezes, good air movement; speaking in full sentences',
    plans: 'review inhaler technique; avoid triggers',
  }),
  condition('acute pancreatitis', 'pancreatitis', {
    symptoms: 'epigastric pain; nausea; vomiting',
    drugs: 'hydromorphone | 0.5 1 | p.r.n. | mg IV; ondansetron | 4 8 | p.r.n. | mg IV',
    labs: 'lipase | 620 | 4800 | U/L; calcium | 7.6 | 9.4 | mg/dL',
    findings: 'epigastric tenderness without rebound; decreased bowel sounds',
    plans: 'n.p.o. and IV fluids; abdominal CT; alcohol cessation',
  }),
  condition('gastroesophageal reflux disease', 'GERD', {
    symptoms: 'heartburn; regurgitation; chronic cough',
    drugs: 'omeprazole | 20 40 | q.d.; famotidine | 20 40 | b.i.d.',
    labs: 'hemoglobin | 11.8 | 14.9 | g/dL',
    findings: 'abdomen soft and non-tender; no masses',
    plans: 'elevate head of bed; upper endoscopy if symptoms persist',
  }),
  condition('hypothyroidism', 'hypothyroidism', {
    symptoms: 'fatigue; cold intolerance; constipation; weight gain',
    drugs: 'levothyroxine | 50 75 100 | q.d. | mcg p.o.',
    labs: 'TSH | 6.8 | 42.0 | mIU/L',
    findings: 'dry skin and delayed reflexes; thyroid not enlarged',
    plans: 'repeat TSH in six weeks; take on an empty stomach',
  }),
  condition('major depressive disorder', 'MDD', {
    symptoms: 'low mood; insomnia; poor appetite; loss of interest',
    drugs: 'sertraline | 50 100 | q.d.; mirtazapine | 15 30 | q.h.s.; trazodone | 50 | q.h.s.',
    labs: 'PHQ-9 | 11 | 24 | points',
    findings: 'flat affect, linear thought process; denies suicidal ideation',
    plans: 'psychiatry referral; cognitive behavioral therapy',
  }),
  condition('chronic kidney disease', 'CKD', {
    symptoms: 'fatigue; decreased urine output; pruritus',
    drugs: 'sevelamer | 800 | t.i.d.; calcitriol | 0.25 0.5 | q.d. | mcg p.o.',
    labs: 'creatinine | 2.1 | 5.6 | mg/dL; BUN | 32 | 84 | mg/dL; potassium | 4.8 | 6.1 | mmol/L',
    findings: 'no asterixis; trace pedal edema',
    plans: 'renal ultrasound; avoid NSAIDs; nephrology follow up',
  }),
  condition('deep vein thrombosis', 'DVT', {
    symptoms: 'calf pain; leg swelling; calf redness',
    drugs: 'enoxaparin | 60 80 100 | b.i.d. | mg s.c.; apixaban | 5 10 | b.i.d.',
    labs: 'D-dimer | 820 | 4600 | ng/mL; platelets | 148 | 340 | K/uL',
    findings: 'left calf swollen and tender; pulses intact',
    plans: 'lower extremity ultrasound; anticoagulation for three months',
  }),
  condition('cellulitis', 'cellulitis', {
    symptoms: 'leg redness; skin warmth; fever',
    drugs:
      'cephalexin | 500 | q.i.d.; vancomycin | 1000 1250 | b.i.d. | mg IV; clindamycin | 300 450 | t.i.d.',
    labs: 'WBC | 11.2 | 19.4 | K/uL; CRP | 38 | 164 | mg/L',
    findings: 'erythema of the right shin, no crepitus; no fluctuance',
    plans: 'mark borders of erythema; leg elevation',
  }),
  condition('rheumatoid arthritis', 'RA', {
    symptoms: 'morning stiffness; joint swelling; hand pain',
    drugs:
      'methotrexate | 10 15 | weekly; hydroxychloroquine | 200 400 | q.d.; folic acid | 1 | q.d.',
    labs: 'ESR | 34 | 92 | mm/h; CRP | 12 | 68 | mg/L',
    findings: 'synovitis of both wrists; no nodules',
    plans: 'rheumatology follow up; hand x-rays; monitor liver enzymes',
  }),
  condition('iron deficiency anemia', 'anemia', {
    symptoms: 'fatigue; pallor; dyspnea on exertion',
    drugs: 'ferrous sulfate | 325 | b.i.d.',
    labs: 'hemoglobin | 6.9 | 10.4 | g/dL; ferritin | 4 | 18 | ng/mL',
    findings: 'pale conjunctivae; stool guaiac negative',
    plans: 'colonoscopy; transfuse if hemoglobin falls below 7',
  }),
  condition('seizure disorder', 'seizures', {
    symptoms: 'witnessed seizure; confusion; tongue biting',
    drugs: 'levetiracetam | 500 750 1000 | b.i.d.; phenytoin | 100 | t.i.d.',
    labs: 'phenytoin level | 6 | 22 | mcg/mL; sodium | 131 | 142 | mmol/L',
    findings: 'no focal deficit; oriented to person, place and time',
    plans: 'EEG and head MRI; seizure precautions; no driving',
  }),
  condition('acute kidney injury', 'AKI', {
    symptoms: 'decreased urine output; nausea; vomiting',
    drugs: 'sodium bicarbonate | 650 | t.i.d.',
    labs: 'creatinine | 1.9 | 4.8 | mg/dL; BUN | 38 | 96 | mg/dL',
    findings: 'dry mucous membranes; no bladder distension',
    plans: 'IV fluids and hold lisinopril; renal ultrasound; strict intake and output',
  }),
];

export const SURGERIES = [
  'appendectomy',
  'cholecystectomy',
  'hysterectomy',
  'right knee replacement',
  'left hip replacement',
  'coronary artery bypass',
  'hernia repair',
  'tonsillectomy',
  'cesarean section',
  'lumbar fusion',
];
export const ALLERGIES = [
  'penicillin (rash)',
  'sulfa (hives)',
  'codeine (nausea)',
  'latex (rash)',
  'iodine contrast (hives)',
  'no known drug allergies',
];
export const OCCUPATIONS = [
  'retired teacher',
  'farmer',
  'retired driver',
  'office worker',
  'carpenter',
  'cook',
  'student',
  'engineer',
];
