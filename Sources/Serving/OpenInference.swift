import Files
import NIOHTTP1

/// The Open Inference Protocol, version 2, over HTTP, with its extension of raw binary tensors
/// (github.com/kserve/open-inference-protocol).
package struct OpenInference: Sendable {
    package let models: ServedModels
    package let metrics: Metrics

    package static let binaryHeader = "Inference-Header-Content-Length"

    package func response(to request: HTTPRequest) async -> HTTPResponse {
        let path = request.path.split(separator: "/").dropFirst().map(String.init)
        if path.last == "infer" {
            guard request.method == .POST else { return .error(.methodNotAllowed, "expected POST") }
        } else if request.method != .GET {
            return .error(.methodNotAllowed, "expected GET")
        }
        switch path {
        case []: return server()
        case ["health", "live"]: return .json(JSONText.object { $0.member("live", true) })
        case ["health", "ready"]: return .json(JSONText.object { $0.member("ready", true) })
        default: break
        }
        guard path.first == "models", path.count >= 2 else {
            return .error(.notFound, "nothing is here")
        }
        guard let model = models.model(named: path[1]) else {
            return .error(.notFound, "no model of this name")
        }
        var rest = path[2...]
        if rest.first == "versions", let version = rest.dropFirst().first {
            guard version == model.version else { return .error(.notFound, "no such version") }
            rest = rest.dropFirst(2)
        }
        switch Array(rest) {
        case []: return metadata(of: model)
        case ["ready"]:
            return .json(
                JSONText.object { text in
                    text.member("name", model.name)
                    text.member("ready", true)
                })
        case ["infer"]: return await infer(model, request)
        default: return .error(.notFound, "nothing is here")
        }
    }

    private func server() -> HTTPResponse {
        .json(
            JSONText.object { text in
                text.member("name", "tenor")
                text.member("version", "2")
                text.member("extensions", ["binary_tensor_data"])
            })
    }

    private func metadata(of model: any TensorModel) -> HTTPResponse {
        func tensor(
            _ tensor: (name: String, columns: Int), parameters: [(name: String, text: String)],
            to text: inout JSONText
        ) {
            text.array { text in
                text.object { text in
                    text.member("name", tensor.name)
                    text.member("datatype", "FP32")
                    text.name("shape")
                    text.array { text in
                        text.value(-1)
                        text.value(tensor.columns)
                    }
                    guard !parameters.isEmpty else { return }
                    text.name("parameters")
                    text.object { text in
                        for (name, value) in parameters { text.member(name, value) }
                    }
                }
            }
        }
        return .json(
            JSONText.object { text in
                text.member("name", model.name)
                text.member("versions", [model.version])
                text.member("platform", model.platform)
                text.name("inputs")
                tensor(model.input, parameters: [], to: &text)
                text.name("outputs")
                tensor(model.output, parameters: model.outputParameters, to: &text)
            })
    }

    private func infer(_ model: any TensorModel, _ request: HTTPRequest) async -> HTTPResponse {
        let wanted: InferenceRequest
        do {
            wanted = try InferenceRequest(
                request.body, headerLength: request.headers.first(name: Self.binaryHeader),
                model: model)
        } catch {
            return .error(.badRequest, error.description)
        }
        let values = await model.infer(rows: wanted.rows, wanted.values)
        metrics.count(.inferredRows, by: wanted.rows)
        return answer(wanted, values, of: model)
    }

    private func answer(
        _ request: InferenceRequest, _ values: [Float], of model: any TensorModel
    ) -> HTTPResponse {
        let header = JSONText.object { text in
            text.member("model_name", model.name)
            text.member("model_version", model.version)
            if let identifier = request.identifier { text.member("id", identifier) }
            text.name("outputs")
            text.array { text in
                text.object { text in
                    text.member("name", model.output.name)
                    text.member("datatype", "FP32")
                    text.name("shape")
                    text.array { text in
                        text.value(request.rows)
                        text.value(model.output.columns)
                    }
                    if request.wantsBinary {
                        text.name("parameters")
                        text.object { $0.member("binary_data_size", 4 * values.count) }
                    } else {
                        text.name("data")
                        text.array { text in for value in values { text.value(value) } }
                    }
                }
            }
        }
        guard request.wantsBinary else { return .json(header) }
        return HTTPResponse(
            type: "application/octet-stream",
            headers: [Self.binaryHeader: String(header.count)],
            header + LittleEndianFloats.bytes(values))
    }
}

/// What a client asks a model to compute.
package struct InferenceRequest {
    package private(set) var identifier: String?
    package private(set) var rows = 0
    /// Shape: `[row, feature]`.
    package private(set) var values: [Float] = []
    package private(set) var wantsBinary = false

    /// - Parameter headerLength: how many bytes of the body are JSON, as a header says; nil for all.
    package init(
        _ body: [UInt8], headerLength: String?, model: any TensorModel
    ) throws(RequestError) {
        var json = body
        var binary: ArraySlice<UInt8>?
        if let headerLength {
            guard let length = Int(headerLength), (0...body.count).contains(length) else {
                throw RequestError("\(OpenInference.binaryHeader): not a length of this body")
            }
            json = Array(body[..<length])
            binary = body[length...]
        }
        var fields = try Fields(JSONParser.parse(json), at: "the request")
        identifier = fields.take("id")?.string
        wantsBinary = fields.take("parameters")?["binary_data_output"]?.bool ?? false
        let outputs = try fields.list("outputs")
        guard outputs.count <= 1 else { throw RequestError("outputs: there is one") }
        if let output = outputs.first { try read(output: output, of: model) }
        let inputs = try fields.list("inputs")
        guard inputs.count == 1 else {
            throw RequestError("inputs: expected one, found \(inputs.count)")
        }
        try read(input: inputs[0], binary: binary, of: model)
        try fields.end()
    }

    private mutating func read(
        output: JSONValue, of model: any TensorModel
    ) throws(RequestError) {
        guard output["name"]?.string == model.output.name else {
            throw RequestError("outputs[0].name: expected '\(model.output.name)'")
        }
        wantsBinary = output["parameters"]?["binary_data"]?.bool ?? wantsBinary
    }

    private mutating func read(
        input: JSONValue, binary: ArraySlice<UInt8>?, of model: any TensorModel
    ) throws(RequestError) {
        var fields = try Fields(input, at: "inputs[0]")
        let (name, type) = (fields.take("name"), fields.take("datatype"))
        guard name?.string == model.input.name else {
            throw fields.error("name", "'\(model.input.name)'", name)
        }
        guard type?.string == "FP32" else { throw fields.error("datatype", "FP32", type) }
        let (shape, parameters, data) = (
            fields.take("shape"), fields.take("parameters"), fields.take("data")
        )
        guard let extents = shape?.array?.map(\.integer), extents.count == 2,
            let rows = extents[0], (0...Self.mostRows).contains(rows),
            extents[1] == model.input.columns
        else {
            let found = shape?.array.map { "[\($0.map(Self.extent).joined(separator: ", "))]" }
            throw RequestError(
                "inputs[0].shape: expected [rows, \(model.input.columns)] with at most "
                    + "\(Self.mostRows) rows, found \(found ?? shape?.kind ?? "nothing")")
        }
        try fields.end()
        self.rows = rows
        let count = rows * model.input.columns
        if let size = parameters?["binary_data_size"] {
            guard data == nil, let binary, size.integer == binary.count, binary.count == 4 * count
            else {
                throw RequestError(
                    "inputs[0]: expected \(4 * count) bytes of binary data behind the JSON, for the "
                        + "shape [\(rows), \(model.input.columns)], found "
                        + (data == nil ? "\(binary?.count ?? 0)" : "data in the JSON"))
            }
            values = LittleEndianFloats.values(binary)
        } else {
            guard let data, binary?.isEmpty != false else {
                throw RequestError("inputs[0]: expected data, or binary_data_size")
            }
            values.reserveCapacity(count)
            let found =
                switch Self.flatten(data, into: &values, most: count) {
                case .some(let strange): strange
                case nil: values.count > count ? "more" : "\(values.count)"
                }
            guard values.count == count, found == "\(count)" else {
                throw RequestError(
                    "inputs[0].data: expected \(count) numbers, for the shape [\(rows), "
                        + "\(model.input.columns)], found \(found)")
            }
        }
        guard values.allSatisfy({ !$0.isInfinite }) else {
            throw RequestError("inputs[0].data: an infinite number")
        }
    }

    /// Rows of one request.
    private static let mostRows = 1 << 20

    /// An extent of a shape that is refused.
    private static func extent(_ value: JSONValue) -> String {
        value.integer.map(String.init) ?? value.kind
    }

    /// Numbers in row-major order, flat or nested as the protocol allows; `null` is a missing one. It
    /// ends where there are more than `most`.
    /// - Returns: what kind of value is none; nil where all are.
    private static func flatten(
        _ value: JSONValue, into values: inout [Float], most: Int
    ) -> String? {
        switch value {
        case .array(let inner):
            for value in inner where values.count <= most {
                if let strange = flatten(value, into: &values, most: most) { return strange }
            }
        case .integer(let number): values.append(Float(number))
        case .number(let number): values.append(Float(number))
        case .null: values.append(.nan)
        default: return value.kind
        }
        return nil
    }
}

/// Raw tensors of the protocol: little-endian, without gaps.
package enum LittleEndianFloats {
    package static func values(_ bytes: ArraySlice<UInt8>) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { index in
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: 4 * index, as: UInt32.self)))
            }
        }
    }

    package static func bytes(_ values: [Float]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 4 * values.count) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, value) in values.enumerated() {
                raw.storeBytes(
                    of: value.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
            }
            count = 4 * values.count
        }
    }
}
