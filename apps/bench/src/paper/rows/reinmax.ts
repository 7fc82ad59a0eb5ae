import { cosineRows } from './reinmax/gradient-cosine';
import { listOpsRows } from './reinmax/list-ops';
import { polynomialRows } from './reinmax/polynomial';
import { vaeRows } from './reinmax/vae';

export default [...polynomialRows, ...vaeRows, ...cosineRows, ...listOpsRows];
