import { convolutionRows } from './bimask-sparse/convolution';
import { perceptronRows } from './bimask-sparse/perceptron';

export default [...perceptronRows, ...convolutionRows];
