import { controlRows } from './lsnm-causal/controls';
import { networkRows } from './lsnm-causal/networks';
import { splineRows } from './lsnm-causal/spline';

export default [...splineRows, ...controlRows, ...networkRows];
