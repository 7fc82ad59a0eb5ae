export type { Alignment, LayerAlignment } from './alignment';
export { alignment, angle } from './alignment';
export type { AlignmentChartOptions, AlignmentPoint } from './alignment-chart';
export { alignmentChart } from './alignment-chart';
export type { Feedback } from './feedback';
export type {
  FeedbackGradient,
  FeedbackGradOptions,
  FeedbackValueAndGrad,
  LearnedGradient,
  ParametersOf,
} from './feedback-grad';
export { feedbackGrad, feedbackValueAndGrad, initFeedback } from './feedback-grad';
export type { FeedbackOptimizer, TrainedTogether } from './feedback-optimizer';
export { feedbackOptimizer } from './feedback-optimizer';
export type { LinearStep } from './linear-steps';
export { runForward } from './linear-steps';
export type { PepitaGradient, PepitaOptions } from './pepita';
export { pepitaFeedback, pepitaGrad } from './pepita';
export type { PepitaHalves } from './pepita-local';
export { pepitaTimeLocal } from './pepita-local';
export type { PepitaMirrorOptions } from './pepita-mirror';
export { mirrorPepita, pepitaAngle, pepitaFactors, pepitaFeedbackOf } from './pepita-mirror';
export type { PepitaDropout, PepitaLayer, PepitaParams } from './pepita-pass';
export type { ProductLayer, Rows, WeightShape } from './product-layer';
export type { FeedbackPass, FeedbackRule, OutputError, RuleOptions, WeightGradient } from './rule';
export type { DirectOptions, DrtpOptions } from './rules/direct-feedback';
export { dfa, drtp, sdfa } from './rules/direct-feedback';
export { backpropagation, shallow, tied } from './rules/exact';
export type { FeedbackInit } from './rules/feedback-alignment';
export { fa, kolenPollack, weightMirror } from './rules/feedback-alignment';
export type { IfaOptions } from './rules/indirect-feedback';
export { ifa } from './rules/indirect-feedback';
export type { PfaOptions } from './rules/product-feedback';
export { pfa, pfaOrthogonal } from './rules/product-feedback';
export { brSF, frSF, uSF } from './rules/sign-symmetry';
export type { TeacherStudentOptions, TeacherStudentPoint, TwoLayers } from './teacher-student';
export { teacherStudentCurve } from './teacher-student';
export type { MirrorOptions } from './weight-mirror';
export { mirrorFeedback } from './weight-mirror';
