export const digitNames: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

export const clothingNames: readonly string[] = [
  'T-shirt/top',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

export const cifar10Names: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];
