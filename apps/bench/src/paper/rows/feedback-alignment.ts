import { mnistRows } from './feedback-alignment/mnist';

export default [...mnistRows];
