import CVectorMath

extension vector_adam_step {
    init(_ step: AdamStep) {
        self.init(
            step_size: step.stepSize, beta1: step.beta1, beta2: step.beta2,
            second_correction: step.secondCorrection, epsilon: step.epsilon, decay: step.decay,
            gradient_scale: step.gradientScale)
    }
}
