// Command sdk_go makes a request to a COS Batch server with the vendor's Go SDK and prints the SDK's result as JSON.
//
// Usage: sdk_go ENDPOINT APPID ACTION [ARGUMENT ...], with the credentials in COS_SECRET_ID, COS_SECRET_KEY and COS_TOKEN.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	cos "github.com/tencentyun/cos-go-sdk-v5"
)

func main() {
	result, err := run(os.Args[1:])
	var refused *cos.ErrorResponse
	if errors.As(err, &refused) {
		result, err = map[string]any{
			"Error": refused.Code, "Status": refused.Response.StatusCode, "RequestId": refused.RequestID,
		}, nil
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) (any, error) {
	if len(arguments) < 3 {
		return nil, errors.New("usage: sdk_go ENDPOINT APPID ACTION [ARGUMENT ...]")
	}
	endpoint, err := url.Parse(arguments[0])
	if err != nil {
		return nil, err
	}
	appid, err := strconv.Atoi(arguments[1])
	if err != nil {
		return nil, err
	}
	client := newClient(endpoint)
	headers := &cos.BatchRequestHeaders{XCosAppid: appid}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return perform(ctx, client, headers, arguments[2], arguments[3:])
}

func newClient(endpoint *url.URL) *cos.Client {
	client := cos.NewClient(&cos.BaseURL{BatchURL: endpoint}, &http.Client{
		Transport: &cos.AuthorizationTransport{
			SecretID:     os.Getenv("COS_SECRET_ID"),
			SecretKey:    os.Getenv("COS_SECRET_KEY"),
			SessionToken: os.Getenv("COS_TOKEN"),
		},
	})
	client.Conf.RetryOpt.Count = 1
	return client
}

func perform(
	ctx context.Context, client *cos.Client, headers *cos.BatchRequestHeaders, action string, arguments []string,
) (any, error) {
	// Arguments that are not given are empty.
	arguments = append(arguments, "", "")
	switch action {
	case "describe":
		result, _, err := client.Batch.DescribeJob(ctx, arguments[0], headers)
		return result, err
	case "create":
		result, _, err := client.Batch.CreateJob(ctx, jobRequest(arguments[0], arguments[1]), headers)
		return result, err
	case "update":
		result, _, err := client.Batch.UpdateJobStatus(ctx, &cos.BatchUpdateStatusOptions{
			JobId: arguments[0], RequestedJobStatus: arguments[1], StatusUpdateReason: "it's due: a+b & ü (now)",
		}, headers)
		return result, err
	case "list":
		result, _, err := client.Batch.ListJobs(ctx, &cos.BatchListJobsOptions{
			JobStatuses: arguments[0], MaxResults: 2, NextToken: arguments[1],
		}, headers)
		return result, err
	}
	return nil, fmt.Errorf("there is no action %q", action)
}

func jobRequest(token, confirmation string) *cos.BatchCreateJobOptions {
	return &cos.BatchCreateJobOptions{
		ClientRequestToken:   token,
		ConfirmationRequired: confirmation,
		Description:          "made by the Go SDK",
		Manifest: &cos.BatchJobManifest{
			Location: &cos.BatchJobManifestLocation{
				ETag: `"15150651828fa9cdcb8356b6d1c7638b"`, ObjectArn: "qcs::cos:ap-chengdu::source-1250000000/list.csv",
			},
			Spec: &cos.BatchJobManifestSpec{Fields: []string{"Bucket", "Key"}, Format: "COSBatchOperations_CSV_V1"},
		},
		Operation: &cos.BatchJobOperation{
			PutObjectCopy: &cos.BatchJobOperationCopy{TargetResource: "qcs::cos:ap-chengdu::target-1250000000"},
		},
		Priority: 7,
		Report: &cos.BatchJobReport{
			Bucket: "qcs::cos:ap-chengdu::reports-1250000000", Enabled: "true", Format: "Report_CSV_V1",
			ReportScope: "AllTasks",
		},
		RoleArn: "qcs::cam::uin/100000000001:roleName/COS_Batch_QcsRole",
	}
}
