export interface LoggedRequest extends Units, Pick<Answer, "source" | "milliseconds"> {
  number: number;
  city: City;
  kind: Kind;
}
