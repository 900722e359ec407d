package dev.loopgate.examples;

import java.util.List;

/// The model: ridge regression of the quality of white wine over eleven measurements, fitted to the
/// UCI Wine Quality data set (Cortez et al. 2009, CC BY 4.0). On all its 4,898 white wines RMSE
/// 0.75, R2 0.28.
final class WineQuality {
  /// What the model calls itself.
  static final String NAME = "wine-quality";

  /// Which one it is.
  static final String VERSION = "1.0";

  /// The measurements in the order that requests without columns have.
  static final List<String> COLUMNS =
      List.of(
          "fixed acidity",
          "volatile acidity",
          "citric acid",
          "residual sugar",
          "chlorides",
          "free sulfur dioxide",
          "total sulfur dioxide",
          "density",
          "pH",
          "sulphates",
          "alcohol");

  private static final double INTERCEPT = 149.017;
  private static final double[] COEFFICIENTS = {
    0.0645528,
    -1.86334,
    0.0218564,
    0.0810079,
    -0.254929,
    0.00374101,
    -0.000290089,
    -149.089,
    0.681878,
    0.629663,
    0.194715
  };

  private WineQuality() {}

  /// The expected quality, from 0 to 10, of a wine with these measurements in the order of
  /// [#COLUMNS].
  static double of(double[] measurements) {
    double quality = INTERCEPT;
    for (int i = 0; i < COEFFICIENTS.length; i++) {
      quality += COEFFICIENTS[i] * measurements[i];
    }
    return Math.clamp(quality, 0.0, 10.0);
  }
}
